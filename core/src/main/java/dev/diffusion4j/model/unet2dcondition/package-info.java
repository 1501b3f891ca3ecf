// SPDX-License-Identifier: Apache-2.0
/**
 * diffusers' {@code UNet2DConditionModel}, the denoiser of Stable Diffusion: {@link
 * dev.diffusion4j.model.unet2dcondition.UNet2DConditionModel} and its config.
 */
@NullMarked
package dev.diffusion4j.model.unet2dcondition;

import org.jspecify.annotations.NullMarked;
