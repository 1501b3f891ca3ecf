// SPDX-License-Identifier: Apache-2.0
/**
 * Exponential integrators: DPM-Solver, DEIS and UniPC, a screen each; their levels are in one class, their weights in {@code
 * internal}.
 */
@NullMarked
package dev.diffusion4j.scheduler.solver;

import org.jspecify.annotations.NullMarked;
