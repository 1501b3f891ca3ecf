// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.pipeline.Steering.Steered;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.scheduler.StepResult;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The one sampling loop, for all pipelines and schedulers. Memory does not grow with the steps.
 *
 * @param run of one batch, before its first step
 * @param noise of the batch
 * @param firstImage index of the batch's first picture in the call, for the listener
 */
record DenoisingLoop(
        Steering steering,
        SchedulerRun run,
        NoiseSource noise,
        int firstImage,
        StepListener listener,
        Cancellation cancellation) {

    /** Where a run starts. */
    @FunctionalInterface
    interface Start {
        /**
         * The first sample, with the noise of the call that comes next in the run.
         *
         * @return {@code float32 (B, C, H, W)}, owned by the current scope
         */
        Tensor sample(SchedulerRun run, NoiseSource noise);

        /**
         * @param shape (B, C, H, W)
         * @param device where the samples stay; the noise is drawn on the CPU
         */
        static Start fromNoise(long[] shape, Device device) {
            return (run, noise) -> run.initialSample(noise.randn(shape).to(device, ScalarType.Float));
        }
    }

    /**
     * From a first sample to the last.
     *
     * @return x₀, {@code float32 (B, C, H, W)}, owned by the current scope
     */
    Tensor run(Start start, AfterStep afterStep) {
        double[] timesteps = run.timesteps();
        return TensorScope.keepResult(() -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                Tensor current = start.sample(run, noise);
                for (int i = run.stepIndex(); i < timesteps.length; i++) {
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
