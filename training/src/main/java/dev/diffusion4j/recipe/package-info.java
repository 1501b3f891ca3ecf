// SPDX-License-Identifier: Apache-2.0
/**
 * Whole trainings by name: {@link dev.diffusion4j.recipe.Recipes} finds a {@link dev.diffusion4j.recipe.RecipeDocument} (a YAML
 * file as it is written), which gives a {@link dev.diffusion4j.recipe.Recipe} (a checked record), which a
 * {@link dev.diffusion4j.recipe.TrainingRun} runs. The only place where training meets pipelines and metrics.
 */
@NullMarked
package dev.diffusion4j.recipe;

import org.jspecify.annotations.NullMarked;
