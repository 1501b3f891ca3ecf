// SPDX-License-Identifier: Apache-2.0
/**
 * Models compared with data and with each other: {@link dev.diffusion4j.evaluation.Evaluator}; the pictures of {@code diffuse plot}.
 */
@NullMarked
package dev.diffusion4j.evaluation;

import org.jspecify.annotations.NullMarked;
