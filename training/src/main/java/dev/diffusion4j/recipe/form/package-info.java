// SPDX-License-Identifier: Apache-2.0
/** A recipe as a form that a person fills in: names, values, limits and help of its fields, all read from the recipe's own records. */
@NullMarked
package dev.diffusion4j.recipe.form;

import org.jspecify.annotations.NullMarked;
