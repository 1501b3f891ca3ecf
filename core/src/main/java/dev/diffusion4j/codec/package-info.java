// SPDX-License-Identifier: Apache-2.0
/**
 * Between pictures and what a network denoises: {@link dev.diffusion4j.codec.SampleCodec}, and {@link
 * dev.diffusion4j.codec.PixelCodec} for networks that denoise pixels. Nothing outside of this package knows between which numbers a
 * sample lies.
 */
@NullMarked
package dev.diffusion4j.codec;

import org.jspecify.annotations.NullMarked;
