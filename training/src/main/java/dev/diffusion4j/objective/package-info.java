// SPDX-License-Identifier: Apache-2.0
/**
 * What is learnt: {@link dev.diffusion4j.objective.Objective} (a batch to a loss), {@link
 * dev.diffusion4j.objective.DenoisingObjective}, {@link dev.diffusion4j.objective.LossWeighting}.
 */
@NullMarked
package dev.diffusion4j.objective;

import org.jspecify.annotations.NullMarked;
