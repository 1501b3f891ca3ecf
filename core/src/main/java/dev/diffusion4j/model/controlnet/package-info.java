// SPDX-License-Identifier: Apache-2.0
/**
 * Networks that run beside a denoiser and add to its features: {@link dev.diffusion4j.model.controlnet.ControlNetModel} and its config.
 */
@NullMarked
package dev.diffusion4j.model.controlnet;

import org.jspecify.annotations.NullMarked;
