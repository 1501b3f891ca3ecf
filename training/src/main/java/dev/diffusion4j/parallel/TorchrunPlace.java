// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.parallel;

import dev.diffusion4j.tensor.World;
import java.util.Optional;

/**
 * The variables that torchrun gives each process; most other launchers, and people by hand, set the same.
 *
 * <p>Source: PyTorch's documentation of torchrun, "Environment Variables".
 */
final class TorchrunPlace {
    private TorchrunPlace() {}

    static Optional<ProcessPlace> of(Variables variables) {
        int size = variables.whole("WORLD_SIZE", 1, Integer.MAX_VALUE, "RANK");
        int rank = variables.whole("RANK", 0, size - 1, "WORLD_SIZE");
        Optional<String> address = variables.text("MASTER_ADDR");
        if (address.isEmpty()) {
            if (size == 1) {
                return Optional.empty();
            }
            throw variables.missing("MASTER_ADDR", "WORLD_SIZE");
        }
        int localSize = variables.has("LOCAL_RANK")
                ? variables.whole("LOCAL_WORLD_SIZE", 1, size, "LOCAL_RANK")
                : 1; // a process on a machine of its own, as a pod is
        return Optional.of(new ProcessPlace(
                new World(rank, size),
                variables.whole("LOCAL_RANK", 0, localSize - 1, 0),
                localSize,
                address.get(),
                variables.port(ProcessPlace.DEFAULT_PORT),
                variables
                        .text("TORCHELASTIC_USE_AGENT_STORE")
                        .filter("True"::equalsIgnoreCase)
                        .isPresent(),
                variables.restarts()));
    }
}
