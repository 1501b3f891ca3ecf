// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.guidance;

import dev.diffusion4j.tensor.RandomStream;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/**
 * How far pictures are from the goal; 0 is there. A lambda will do.
 *
 * <pre>{@code GuidanceLoss dark = pictures -> pictures.mean(1, 2, 3);}</pre>
 */
@FunctionalInterface
public interface GuidanceLoss {
    /**
     * The loss of each picture, differentiable; a picture's loss must not depend on the others.
     *
     * @param pictures x̂₀, {@code float32 (B, C, H, W)}, 0 black and 1 white, sometimes a little beyond; on the CPU
     * @return {@code float32 (B)}, owned by the current scope
     */
    Tensor perImage(Tensor pictures);

    /**
     * The same for a loss that looks at random parts of the pictures.
     *
     * @param random to draw from; gives the same to all pictures of a step, whatever batch they are in
     */
    default Tensor perImage(Tensor pictures, RandomStream random) {
        return perImage(pictures);
    }

    /** @throws IllegalArgumentException where it can do nothing with pictures of so many channels */
    default void checkChannels(int channels) {}

    /** What it does otherwise than its words say with pictures of so many channels, in a line; empty where nothing. */
    default Optional<String> notice(int channels) {
        return Optional.empty();
    }
}
