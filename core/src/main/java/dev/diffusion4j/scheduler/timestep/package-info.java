// SPDX-License-Identifier: Apache-2.0
/**
 * Algorithms that step through whole training timesteps of a chain of β: DDPM, DDIM, PNDM, LCM, TCD, and the loop of the lessons;
 * {@link dev.diffusion4j.scheduler.timestep.BetaScheduler} is the ground of all that were trained so.
 */
@NullMarked
package dev.diffusion4j.scheduler.timestep;

import org.jspecify.annotations.NullMarked;
