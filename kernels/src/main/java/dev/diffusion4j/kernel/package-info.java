// SPDX-License-Identifier: Apache-2.0
/**
 * Inner loops on plain arrays, written with the JDK's Vector API (still an incubating module): {@link
 * dev.diffusion4j.kernel.VectorSupport} says whether they can be used, {@link dev.diffusion4j.kernel.NormKernel} and {@link
 * dev.diffusion4j.kernel.AttentionKernel} are the loops. Nothing here knows tensors.
 */
@NullMarked
package dev.diffusion4j.kernel;

import org.jspecify.annotations.NullMarked;
