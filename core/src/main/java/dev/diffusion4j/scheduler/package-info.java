// SPDX-License-Identifier: Apache-2.0
/**
 * Sampling algorithms: {@link dev.diffusion4j.scheduler.Scheduler} (immutable: an algorithm and its config),
 * {@link dev.diffusion4j.scheduler.SchedulerRun} (what changes in one run), {@link dev.diffusion4j.scheduler.SchedulerKind} (all
 * of them by name). Arithmetic is in f32 on tensors, with coefficients in {@code double}.
 *
 * <p>Families share a base class: by whole timesteps (VpScheduler), by noise levels σ (SigmaScheduler), exponential integrators
 * (SolverScheduler), the first two on a chain of β (BetaScheduler).
 */
@NullMarked
package dev.diffusion4j.scheduler;

import org.jspecify.annotations.NullMarked;
