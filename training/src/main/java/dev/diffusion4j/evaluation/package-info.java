// SPDX-License-Identifier: Apache-2.0
/**
 * Models held against data and against each other: {@link dev.diffusion4j.evaluation.Evaluator}, {@link
 * dev.diffusion4j.evaluation.Comparison}, and the pictures of {@code diffuse plot}.
 */
@NullMarked
package dev.diffusion4j.evaluation;

import org.jspecify.annotations.NullMarked;
