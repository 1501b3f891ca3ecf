// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What each part of a block is given beside the sample. The tensors are borrowed.
 *
 * @param activatedTime the activation of the time embedding, (B or 1, timeFeatures); {@code null} in a network that knows no time
 * @param attention the tokens that attention asks; {@link AttentionInput#SELF} where there are none but the sample's own
 */
public record BlockInput(@Nullable Tensor activatedTime, AttentionInput attention) {
    /** Neither time nor tokens. */
    public static final BlockInput NONE = new BlockInput(null, AttentionInput.SELF);

    /** A time, and no tokens. */
    public static BlockInput ofTime(Tensor activatedTime) {
        return new BlockInput(activatedTime, AttentionInput.SELF);
    }
}
