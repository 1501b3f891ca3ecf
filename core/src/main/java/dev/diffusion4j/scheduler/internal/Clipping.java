// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.internal;

import static org.bytedeco.pytorch.global.torch.max;
import static org.bytedeco.pytorch.global.torch.min;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Keeps x̂₀ in its range.
 *
 * @param clipSample whether values beyond ± {@code clipSampleRange} are cut
 * @param thresholding cut at a quantile of each image instead, and divide by it: Saharia et al. (2022), section 2.3
 * @param dynamicThresholdingRatio the quantile
 * @param sampleMaxValue the largest threshold
 */
public record Clipping(
        boolean clipSample,
        double clipSampleRange,
        boolean thresholding,
        double dynamicThresholdingRatio,
        double sampleMaxValue) {

    public Clipping {
        Check.positive(clipSampleRange, "clip_sample_range");
        Check.inRange(dynamicThresholdingRatio, 0, 1, "dynamic_thresholding_ratio");
        Check.positive(sampleMaxValue, "sample_max_value");
    }

    /** Nothing is cut. */
    public static final Clipping NONE = range(false, 1);

    /** Cut at ± {@code range}, where {@code clip}. */
    public static Clipping range(boolean clip, double range) {
        return new Clipping(clip, range, false, 1, 1);
    }

    /** Cut at a quantile, where {@code threshold}. */
    public static Clipping quantile(boolean threshold, double ratio, double sampleMaxValue) {
        return new Clipping(false, 1, threshold, ratio, sampleMaxValue);
    }

    /** Whether infinite values become finite: a quantile of them is none. */
    public boolean cutsInfinity() {
        return clipSample && !thresholding;
    }

    /** {@code predOriginalSample} itself, or a new tensor. */
    public Tensor apply(Tensor predOriginalSample) {
        if (thresholding) {
            return threshold(predOriginalSample);
        }
        return clipSample ? clamp(predOriginalSample, clipSampleRange) : predOriginalSample;
    }

    public static Tensor clamp(Tensor tensor, double range) {
        return tensor.clamp(new ScalarOptional(new Scalar(-range)), new ScalarOptional(new Scalar(range)));
    }

    private Tensor threshold(Tensor predOriginalSample) {
        return TensorScope.keepResult(() -> {
            Tensor flat = predOriginalSample.reshape(predOriginalSample.size(0), -1);
            Tensor level = torch.quantile(
                            flat.abs(), dynamicThresholdingRatio, new LongOptional(1), false, new BytePointer("linear"))
                    .clamp(
                            new ScalarOptional(new Scalar(1.0)),
                            new ScalarOptional(new Scalar(Math.max(1, sampleMaxValue))))
                    .clamp(new ScalarOptional(), new ScalarOptional(new Scalar(sampleMaxValue)))
                    .unsqueeze(1);
            return max(min(flat, level), level.neg()).div(level).view_as(predOriginalSample);
        });
    }
}
