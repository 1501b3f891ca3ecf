// SPDX-License-Identifier: Apache-2.0
/**
 * Pictures to latents and back: {@link dev.diffusion4j.model.autoencoder.AutoencoderKl} of Stable Diffusion, and the small {@link
 * dev.diffusion4j.model.autoencoder.AutoencoderTiny} that was distilled from it.
 */
@NullMarked
package dev.diffusion4j.model.autoencoder;

import org.jspecify.annotations.NullMarked;
