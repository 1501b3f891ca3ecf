// SPDX-License-Identifier: Apache-2.0
/**
 * Algorithms whose way from picture to noise is no chain of β: flow matching, the variance-exploding equation, a continuous
 * cosine, and a mixture with uniform noise.
 */
@NullMarked
package dev.diffusion4j.scheduler.path;

import org.jspecify.annotations.NullMarked;
