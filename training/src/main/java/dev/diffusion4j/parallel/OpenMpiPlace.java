// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.parallel;

import dev.diffusion4j.tensor.World;
import java.util.Optional;

/**
 * The variables that OpenMPI's {@code mpirun} gives each process. It tells nobody an address, which one machine does not need.
 *
 * <p>Source: Open MPI's documentation, "Environment variables set by mpirun".
 */
final class OpenMpiPlace {
    private static final String RANK = "OMPI_COMM_WORLD_RANK";
    private static final String SIZE = "OMPI_COMM_WORLD_SIZE";
    private static final String LOCAL_RANK = "OMPI_COMM_WORLD_LOCAL_RANK";
    private static final String LOCAL_SIZE = "OMPI_COMM_WORLD_LOCAL_SIZE";

    private OpenMpiPlace() {}

    static Optional<ProcessPlace> of(Variables variables) {
        if (!variables.has(RANK)) {
            return Optional.empty();
        }
        int size = variables.whole(SIZE, 1, Integer.MAX_VALUE, RANK);
        int rank = variables.whole(RANK, 0, size - 1, SIZE);
        if (size == 1) {
            return Optional.empty();
        }
        int localSize = variables.whole(LOCAL_SIZE, 1, size, RANK);
        Optional<String> address =
                variables.text("MASTER_ADDR").or(() -> localSize == size ? Optional.of("127.0.0.1") : Optional.empty());
        return Optional.of(new ProcessPlace(
                new World(rank, size),
                variables.whole(LOCAL_RANK, 0, localSize - 1, RANK),
                localSize,
                address.orElseThrow(() -> variables.missing("MASTER_ADDR", SIZE)),
                variables.port(ProcessPlace.DEFAULT_PORT),
                false,
                0));
    }
}
