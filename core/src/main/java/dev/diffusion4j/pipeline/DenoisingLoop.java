// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.pipeline.Steering.Steered;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.scheduler.StepResult;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/** The one sampling loop, for all pipelines and schedulers. Memory does not grow with the steps. */
final class DenoisingLoop {
    private DenoisingLoop() {}

    /**
     * From noise to a sample.
     *
     * @param shape (B, C, H, W)
     * @return x₀, {@code float32 (B, C, H, W)}, owned by the current scope
     */
    static Tensor sample(
            Steering steering,
            SchedulerRun run,
            NoiseSource noise,
            long[] shape,
            StepListener listener,
            Cancellation cancellation) {
        double[] timesteps = run.timesteps();
        return TensorScope.keepResult(() -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                Tensor current = run.initialSample(noise.randn(shape));
                for (int i = 0; i < timesteps.length; i++) {
                    cancellation.check();
                    int stepIndex = i;
                    Tensor sample = current;
                    current = TensorScope.keepResult(() -> {
                        Steered steered = steering.predict(
                                run, sample, new NetworkCall(timesteps[stepIndex], stepIndex, timesteps.length, 0));
                        StepResult result = run.step(steered.output(), steered.sample(), noise);
                        listener.onStep(new StepEvent(
                                stepIndex,
                                timesteps.length,
                                timesteps[stepIndex],
                                result.prevSample(),
                                result.predOriginalSample(),
                                steered.losses()));
                        return result.prevSample();
                    });
                    sample.close();
                }
                return current;
            }
        });
    }
}
