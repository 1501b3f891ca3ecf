// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.metric;

import org.bytedeco.pytorch.Tensor;

/**
 * From pictures to the numbers that distances are measured in. Figures of two extractors are not comparable, so each says what
 * it is.
 */
public interface FeatureExtractor extends AutoCloseable {

    /** Its name in figures: {@code inception-v3-fid}. */
    String name();

    /** SHA-256 of its weights' file or files. */
    String weightsHash();

    /** The side, in pixels, of what it looks at; pictures of another size are brought to it. */
    int size();

    /** How pictures are brought to {@link #size()}. */
    default PictureResize resize() {
        return PictureResize.CLEAN;
    }

    /**
     * Looks at a few pictures, all at once: give it no more than memory has room for.
     *
     * @param picturesUnit {@code float32 (B, C, H, W)} on the CPU, C 1 or 3, values in [0, 1]; of any size
     * @return {@code float32 (B, D)}, a new tensor owned by the current scope
     */
    Tensor features(Tensor picturesUnit);

    /** Frees the network. */
    @Override
    default void close() {}
}
