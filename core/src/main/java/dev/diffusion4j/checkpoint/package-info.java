// SPDX-License-Identifier: Apache-2.0
/**
 * Weights in files: {@link dev.diffusion4j.checkpoint.WeightFiles} opens any, as a
 * {@link dev.diffusion4j.checkpoint.WeightSource} ({@link dev.diffusion4j.checkpoint.Safetensors},
 * {@link dev.diffusion4j.checkpoint.TorchPickle}, several of them); {@link dev.diffusion4j.checkpoint.WeightLoader} uses every
 * weight exactly once. Knows no model and no scheduler.
 */
@NullMarked
package dev.diffusion4j.checkpoint;

import org.jspecify.annotations.NullMarked;
