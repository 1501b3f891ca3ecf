// SPDX-License-Identifier: Apache-2.0
/** diffusers' {@code UNet2DModel}: {@link dev.diffusion4j.model.unet2d.UNet2DModel} and its config. */
@NullMarked
package dev.diffusion4j.model.unet2d;

import org.jspecify.annotations.NullMarked;
