// SPDX-License-Identifier: Apache-2.0
/** The room of data sets: what is in them, what is wrong with them, and what a training sees of them. */
@NullMarked
package dev.diffusion4j.studio.data;

import org.jspecify.annotations.NullMarked;
