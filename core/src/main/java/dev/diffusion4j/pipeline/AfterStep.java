// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.tensor.NoiseSource;
import org.bytedeco.pytorch.Tensor;

/** Changes a sample after each step, before the network sees it again: a region that is kept, for example. */
@FunctionalInterface
public interface AfterStep {
    /** Changes nothing. */
    AfterStep NONE = (sample, run, noise) -> sample;

    /**
     * @param sample x after the step, {@code float32 (B, C, H, W)}, borrowed
     * @param run at the call that comes next, or past its last
     * @param noise of the batch
     * @return {@code sample} itself, or a new tensor of the same shape owned by the current scope
     */
    Tensor apply(Tensor sample, SchedulerRun run, NoiseSource noise);
}
