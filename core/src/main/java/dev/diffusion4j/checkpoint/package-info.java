// SPDX-License-Identifier: Apache-2.0
/**
 * Weights in files: {@link dev.diffusion4j.checkpoint.Safetensors}, {@link dev.diffusion4j.checkpoint.WeightSource} (any file
 * of named tensors), {@link dev.diffusion4j.checkpoint.WeightLoader} (every weight used exactly once). Knows no model and no
 * scheduler.
 */
@NullMarked
package dev.diffusion4j.checkpoint;

import org.jspecify.annotations.NullMarked;
