// SPDX-License-Identifier: Apache-2.0
/** The code that {@code docs/lessons} shows, a class for each lesson. */
@NullMarked
package dev.diffusion4j.examples.lessons;

import org.jspecify.annotations.NullMarked;
