// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

import org.jspecify.annotations.Nullable;

/**
 * The samples that a denoiser is made for.
 *
 * @param channels C: channels of a sample
 * @param size height and width; {@code null} where the config does not say
 * @param sizeMultiple height and width must be multiples of this
 */
public record SampleShape(int channels, @Nullable SampleSize size, int sizeMultiple) {}
