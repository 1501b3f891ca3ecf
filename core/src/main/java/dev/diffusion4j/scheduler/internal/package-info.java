// SPDX-License-Identifier: Apache-2.0
/**
 * The arithmetic of the built-in schedulers: weighted sums of tensors ({@link dev.diffusion4j.scheduler.internal.Combine}), clipping,
 * and the weights of multistep methods. Not for applications; it may change at any time.
 */
@NullMarked
package dev.diffusion4j.scheduler.internal;

import org.jspecify.annotations.NullMarked;
