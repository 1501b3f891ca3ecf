// SPDX-License-Identifier: Apache-2.0
/** Watching runs from outside, whatever process they are in: what a folder says of how far a run is. Writes nothing. */
@NullMarked
package dev.diffusion4j.recipe.watch;

import org.jspecify.annotations.NullMarked;
