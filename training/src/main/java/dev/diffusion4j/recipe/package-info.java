// SPDX-License-Identifier: Apache-2.0
/**
 * Whole trainings by name: {@link dev.diffusion4j.recipe.Recipe} (a YAML file as a checked record), {@link
 * dev.diffusion4j.recipe.Recipes} (those that come with the library), {@link dev.diffusion4j.recipe.TrainingRun} (one
 * training). The only place where training meets pipelines and metrics.
 */
@NullMarked
package dev.diffusion4j.recipe;

import org.jspecify.annotations.NullMarked;
