// SPDX-License-Identifier: Apache-2.0
/**
 * Levels of U-Nets and autoencoders, assembled from {@link dev.diffusion4j.layer.BlockPart}s:
 * {@link dev.diffusion4j.layer.block.DownBlock}, {@link dev.diffusion4j.layer.block.MidBlock},
 * {@link dev.diffusion4j.layer.block.UpBlock}. They work on a {@link dev.diffusion4j.layer.block.BlockState}.
 */
@NullMarked
package dev.diffusion4j.layer.block;

import org.jspecify.annotations.NullMarked;
