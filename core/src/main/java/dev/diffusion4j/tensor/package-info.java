// SPDX-License-Identifier: Apache-2.0
/**
 * What LibTorch needs from Java: {@link dev.diffusion4j.tensor.NativeRuntime} (the process-wide settings that make it fast),
 * {@link dev.diffusion4j.tensor.TensorScope} (who owns a native tensor), {@link dev.diffusion4j.tensor.NoiseSource} (every
 * random draw; {@link dev.diffusion4j.tensor.NoiseForm} in what form), {@link dev.diffusion4j.tensor.Devices}, {@link dev.diffusion4j.tensor.Precision}.
 *
 * <p>Ownership: a tensor belongs to the innermost {@code TensorScope} in which it was made, and dies with it. What outlives
 * a scope is returned from it, or is kept with {@link dev.diffusion4j.tensor.TensorScope#own} and closed by its owner.
 */
@NullMarked
package dev.diffusion4j.tensor;

import org.jspecify.annotations.NullMarked;
