// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer.block;

import dev.diffusion4j.layer.BlockPart;

/** Makes what follows each residual block of a level: pixels that ask each other, or a transformer that asks a prompt. */
@FunctionalInterface
public interface AttentionFactory {
    /**
     * A new layer, owned by the level, that keeps the number of channels.
     *
     * @param index which residual block of the level it follows, from 0
     */
    BlockPart create(int channels, int index);
}
