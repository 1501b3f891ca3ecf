// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.pipeline.Steering.Steered;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.scheduler.StepResult;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/**
 * The one sampling loop, for all pipelines and schedulers. Memory does not grow with the steps.
 *
 * @param run of one batch, before its first step
 * @param end the index of the call that is not made any more
 * @param noise of the batch
 * @param firstImage index of the batch's first picture in the call, for the listener
 */
record DenoisingLoop(
        Steering steering,
        SchedulerRun run,
        int end,
        NoiseSource noise,
        int firstImage,
        StepListener listener,
        Cancellation cancellation) {

    /**
     * From a first sample to the last.
     *
     * @param start {@code float32 (B, C, H, W)} with the noise of the call that comes next in the run; freed by it
     * @return x₀, or x before call {@code end}, {@code float32 (B, C, H, W)}, owned by the current scope
     */
    Tensor run(Tensor start, AfterStep afterStep) {
        double[] timesteps = run.timesteps();
        return TensorScope.keepResult(() -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                Tensor current = start;
                for (int i = run.stepIndex(); i < end; i++) {
                    cancellation.check();
                    NetworkCall call = new NetworkCall(timesteps[i], i, timesteps.length, 0);
                    Tensor sample = current;
                    current = TensorScope.keepResult(() -> step(call, sample, afterStep));
                    sample.close();
                }
                return current;
            }
        });
    }

    private Tensor step(NetworkCall call, Tensor sample, AfterStep afterStep) {
        Steered steered = steering.predict(run, sample, call);
        StepResult result = run.step(steered.output(), steered.sample(), noise);
        Tensor next = afterStep.apply(result.prevSample(), run, noise);
        listener.onStep(new StepEvent(
                call.index(),
                call.calls(),
                call.timestep(),
                firstImage,
                next,
                result.predOriginalSample(),
                steered.losses()));
        return next;
    }
}
