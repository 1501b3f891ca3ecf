// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.tensor.Precision;

/**
 * What was chosen for this machine when a run began. All of it changes the last bits of the results, so it is stored in every
 * checkpoint and used again when the run is resumed.
 *
 * @param precision f32 or bf16
 * @param channelsLast the memory layout of samples and convolution weights
 * @param threads LibTorch's threads in all
 * @param shards 1, or 2 for a batch that is split over two threads which share the weights
 */
public record Choices(Precision precision, boolean channelsLast, int threads, int shards) {
    public static final Choices DEFAULT = new Choices(Precision.F32, false, 1, 1);

    public Choices {
        Check.that(precision != Precision.AUTO, "the precision must be chosen: f32 or bf16");
        Check.positive(threads, "threads");
        // two gradients have the same sum in any order; three have not
        Check.inRange(shards, 1, 2, "shards");
    }
}
