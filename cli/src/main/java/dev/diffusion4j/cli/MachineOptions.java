// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where a recipe is run, and from which seed. */
final class MachineOptions {
    @Option(names = "--seed", paramLabel = "N", description = "Seed of everything random; default: the recipe's.")
    @Nullable
    Long seed;

    @Option(
            names = "--device",
            paramLabel = "D",
            description = "cpu, cuda, cuda:N or auto; default: the recipe's, mostly cpu.")
    @Nullable
    String device;

    @Option(
            names = "--dtype",
            paramLabel = "T",
            completionCandidates = Choices.Precisions.class,
            description = "f32, bf16 or auto (bf16 where it is clearly faster); default: the recipe's, mostly auto.")
    @Nullable
    String dtype;

    boolean isGiven() {
        return seed != null || device != null || dtype != null;
    }

    /** As changes of a recipe. */
    void addTo(Changes all) {
        all.set("training.seed", seed).set("training.device", device).set("training.dtype", dtype);
    }
}
