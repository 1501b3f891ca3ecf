// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import dev.diffusion4j.tensor.World;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * What the processes of a training do between "the gradients of an update are summed" and "they are clipped and applied": they
 * agree on the gradients. Each process keeps its own copy of the weights, which stay equal because the gradients are.
 */
public interface GradientExchange {
    /** For one process: nothing. */
    GradientExchange NONE = new GradientExchange() {
        @Override
        public World world() {
            return World.ALONE;
        }

        @Override
        public void average(Map<String, Tensor> parameters) {}
    };

    /** Which process this is; the first one writes the checkpoints. */
    World world();

    /**
     * Replaces each gradient by its mean over all processes.
     *
     * @param parameters all that learn, by name, in the same order in every process; {@code float32}, each with its gradient, whose
     *     values are to be changed in place; borrowed
     */
    void average(Map<String, Tensor> parameters);
}
