// SPDX-License-Identifier: Apache-2.0
/** Publishing on the Hub: which files of a folder go there, without what names this machine, and the card of both sides. */
@NullMarked
package dev.diffusion4j.recipe.publish;

import org.jspecify.annotations.NullMarked;
