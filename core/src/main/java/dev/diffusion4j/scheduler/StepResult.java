// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * One step's outcome; both tensors belong to the current scope.
 *
 * @param prevSample x at the next, lower noise level, {@code float32 (B, C, H, W)}
 * @param predOriginalSample x̂₀ as the step used it, {@code float32 (B, C, H, W)}
 */
public record StepResult(Tensor prevSample, Tensor predOriginalSample) {
    List<Tensor> tensors() {
        return List.of(prevSample, predOriginalSample);
    }
}
