// SPDX-License-Identifier: Apache-2.0
/**
 * Learning: {@link dev.diffusion4j.trainer.Trainer} (the loop), {@link dev.diffusion4j.trainer.TrainState} (all that changes in
 * it), {@link dev.diffusion4j.trainer.Checkpoints} (that, on the disk), {@link dev.diffusion4j.trainer.AdamOptimizer}, {@link
 * dev.diffusion4j.trainer.Ema}, {@link dev.diffusion4j.trainer.LearningRateSchedule}.
 */
@NullMarked
package dev.diffusion4j.trainer;

import org.jspecify.annotations.NullMarked;
