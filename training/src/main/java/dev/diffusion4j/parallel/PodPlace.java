// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.parallel;

import dev.diffusion4j.tensor.World;
import java.util.Optional;

/**
 * The variables that Kubeflow Trainer gives each pod of a TrainJob. They are torchrun's own options ({@code PET_…}) and tell of machines, not
 * of processes; without torchrun in between there is one process on each.
 *
 * <p>Source: Kubeflow Trainer, {@code pkg/runtime/framework/plugins/torch}.
 */
final class PodPlace {
    private static final String NODES = "PET_NNODES";
    private static final String NODE = "PET_NODE_RANK";
    private static final String EACH = "PET_NPROC_PER_NODE";

    private PodPlace() {}

    static Optional<ProcessPlace> of(Variables variables) {
        if (!variables.has(NODE)) {
            return Optional.empty();
        }
        int size = variables.whole(NODES, 1, Integer.MAX_VALUE, NODE);
        int rank = variables.whole(NODE, 0, size - 1, NODES);
        if (size == 1) {
            return Optional.empty();
        }
        // "auto", "cpu" and "gpu" leave the number to what starts the processes
        if (variables.text(EACH).filter(each -> each.matches("[-+\\d].*")).isPresent()
                && variables.whole(EACH, 1, Integer.MAX_VALUE, 1) > 1) {
            throw variables.senseless(
                    EACH, "be 1 where torchrun does not start the processes (numProcPerNode: 1 in the TrainJob)");
        }
        String address =
                variables.text("PET_MASTER_ADDR").orElseThrow(() -> variables.missing("PET_MASTER_ADDR", NODES));
        int port = variables.whole("PET_MASTER_PORT", 1, 65535, ProcessPlace.DEFAULT_PORT);
        return Optional.of(new ProcessPlace(new World(rank, size), 0, 1, address, port, false, variables.restarts()));
    }
}
