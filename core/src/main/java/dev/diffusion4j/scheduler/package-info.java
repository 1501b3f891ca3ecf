// SPDX-License-Identifier: Apache-2.0
/**
 * Sampling algorithms: {@link dev.diffusion4j.scheduler.Scheduler} (immutable: an algorithm and its config),
 * {@link dev.diffusion4j.scheduler.SchedulerRun} (what changes in one run), {@link dev.diffusion4j.scheduler.SchedulerKind} (all
 * of them by name; {@link dev.diffusion4j.scheduler.Algorithm} is what a name stands for). Arithmetic is in f32 on tensors, with coefficients in {@code double}.
 *
 * <p>The algorithms are in rooms, each with a base class of its own: by whole timesteps ({@code timestep}), by noise levels σ ({@code
 * sigma}), exponential integrators ({@code solver}), and those on no chain of β ({@code path}).
 */
@NullMarked
package dev.diffusion4j.scheduler;

import org.jspecify.annotations.NullMarked;
