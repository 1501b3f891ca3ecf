// SPDX-License-Identifier: Apache-2.0
/** Orders and numbers that depend on a seed alone, on every machine and in every version of Java. */
@NullMarked
package dev.diffusion4j.data.random;

import org.jspecify.annotations.NullMarked;
