// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.parallel;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.tensor.World;
import java.util.Map;
import java.util.Optional;

/**
 * Where this process stands among those that train together, as the variables of whatever started them say: torchrun (and so
 * {@code diffuse launch} and Kubeflow's PyTorchJob), OpenMPI, Slurm, or Kubeflow Trainer's pods.
 *
 * @param world which one of all processes, and how many they are
 * @param localRank which one of those on this machine, from 0
 * @param localWorldSize how many are on this machine, at least 1
 * @param masterAddress name or address of the machine where they meet
 * @param masterPort in [1, 65535]
 * @param usesAgentStore whether the launcher itself holds the store at that address, so that rank 0 is a client of it too
 * @param restarts how often the launcher has started all of them anew, from 0
 */
public record ProcessPlace(
        World world,
        int localRank,
        int localWorldSize,
        String masterAddress,
        int masterPort,
        boolean usesAgentStore,
        int restarts) {
    /** Where torchrun's processes meet where no port is given. */
    public static final int DEFAULT_PORT = 29500;

    public ProcessPlace {
        Check.given(world, "world");
        Check.inRange(localWorldSize, 1, world.size(), "localWorldSize");
        Check.inRange(localRank, 0, localWorldSize - 1, "localRank");
        Check.that(!masterAddress.isBlank(), "masterAddress must name a machine, but was blank");
        Check.inRange(masterPort, 1, 65535, "masterPort");
        Check.notNegative(restarts, "restarts");
    }

    /**
     * The place that the environment of a process gives it. Empty for a process that works alone: no launcher's variables are there, or they
     * tell of one process and of no place to meet.
     *
     * <p>torchrun's variables go first, as it may itself be started by one of the others. OpenMPI's go before Slurm's: {@code mpirun} starts
     * its daemons as a step of Slurm, whose variables all its processes inherit.
     *
     * @param environment as {@link System#getenv()} has it
     * @throws Problem of a request if a variable is missing or makes no sense; it names the variable and its value
     */
    public static Optional<ProcessPlace> of(Map<String, String> environment) {
        Variables variables = new Variables(environment);
        if (variables.has("RANK")) {
            return TorchrunPlace.of(variables);
        }
        Optional<ProcessPlace> place =
                OpenMpiPlace.of(variables).or(() -> SlurmPlace.of(variables)).or(() -> PodPlace.of(variables));
        if (place.isEmpty()) {
            // a lone process needs no rank; of several each must know which it is
            if (variables.whole("WORLD_SIZE", 1, Integer.MAX_VALUE, 1) > 1) {
                throw variables.missing("RANK", "WORLD_SIZE");
            }
            return Optional.empty();
        }
        int size = place.get().world().size();
        if (variables.whole("WORLD_SIZE", 1, Integer.MAX_VALUE, size) != size) {
            throw variables.senseless("WORLD_SIZE", "be " + size + ", as many as were started");
        }
        return place;
    }
}
