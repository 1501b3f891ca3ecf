// SPDX-License-Identifier: Apache-2.0
/** Losses to steer by. */
@NullMarked
package dev.diffusion4j.guidance.loss;

import org.jspecify.annotations.NullMarked;
