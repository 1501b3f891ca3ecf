// SPDX-License-Identifier: Apache-2.0
/** Algorithms that step through noise levels σ, x = x₀ + σ·ε: Euler's, Heun's, KDPM2, LMS, and Euler's for networks of EDM. */
@NullMarked
package dev.diffusion4j.scheduler.sigma;

import org.jspecify.annotations.NullMarked;
