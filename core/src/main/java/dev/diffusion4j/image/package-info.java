// SPDX-License-Identifier: Apache-2.0
/**
 * From tensors to pictures: {@link dev.diffusion4j.image.Images} (8-bit pixels), {@link dev.diffusion4j.image.ImageGrid},
 * {@link dev.diffusion4j.image.PngFile} (PNG with notes in it).
 */
@NullMarked
package dev.diffusion4j.image;

import org.jspecify.annotations.NullMarked;
