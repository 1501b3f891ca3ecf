// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What a network is told besides the sample and the time.
 *
 * @param classLabels {@code int64 (B)} class numbers, {@code int64 (B, L)} words ({@link PromptWords}), or {@code float32 (B, D)} where the network takes embeddings; borrowed
 * @param keep {@code float32 (B)}: 1 where the picture's condition counts, 0 where it is dropped, as classifier-free guidance needs
 *     it; {@code null} where all count; borrowed
 */
public record Conditioning(@Nullable Tensor classLabels, @Nullable Tensor keep) {
    /** Nothing. */
    public static final Conditioning NONE = new Conditioning(null, null);

    /** Class numbers. */
    public static Conditioning ofClasses(Tensor classLabels) {
        return new Conditioning(classLabels, null);
    }

    /** The same, dropped where {@code keep} is 0. */
    public Conditioning withKeep(@Nullable Tensor keep) {
        return new Conditioning(classLabels, keep);
    }
}
