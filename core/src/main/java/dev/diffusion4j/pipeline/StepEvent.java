// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * One finished call of the network.
 *
 * @param stepIndex 0-based, in {@code [0, steps)}
 * @param steps calls of the network in the whole run
 * @param timestep what the network was given
 * @param firstImage which picture of the call the first one of {@code sample} is, from 0
 * @param sample x after the step, {@code float32 (B, C, H, W)}; valid only during the call of the listener
 * @param predOriginalSample x̂₀ of this step, the same shape; valid only during the call of the listener
 * @param losses of the guidances that acted in this step
 */
public record StepEvent(
        int stepIndex,
        int steps,
        double timestep,
        int firstImage,
        Tensor sample,
        Tensor predOriginalSample,
        List<LossValue> losses) {}
