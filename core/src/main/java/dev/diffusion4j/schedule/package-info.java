// SPDX-License-Identifier: Apache-2.0
/**
 * The forward process as numbers, in plain Java {@code double}: {@link dev.diffusion4j.schedule.BetaSchedule} and
 * {@link dev.diffusion4j.schedule.NoiseSchedule} (β, ᾱ), {@link dev.diffusion4j.schedule.SigmaSchedule} (σ),
 * {@link dev.diffusion4j.schedule.TimestepSpacing}, {@link dev.diffusion4j.schedule.PredictionType}; and of one run
 * {@link dev.diffusion4j.schedule.SigmaTable} and {@link dev.diffusion4j.schedule.LambdaTable}. No LibTorch here.
 */
@NullMarked
package dev.diffusion4j.schedule;

import org.jspecify.annotations.NullMarked;
