// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What a network is told besides the sample and the time.
 *
 * @param classLabels {@code int64 (B)} class numbers, or {@code float32 (B, D)} where the network takes embeddings; borrowed
 */
public record Conditioning(@Nullable Tensor classLabels) {
    /** Nothing. */
    public static final Conditioning NONE = new Conditioning(null);

    /** Class numbers. */
    public static Conditioning ofClasses(Tensor classLabels) {
        return new Conditioning(classLabels);
    }
}
