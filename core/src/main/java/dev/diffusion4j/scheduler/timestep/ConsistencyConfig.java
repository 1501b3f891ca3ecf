// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.timestep;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.schedule.BetaSchedule;
import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.schedule.TimestepSpacing;
import dev.diffusion4j.scheduler.SamplingSettings;
import dev.diffusion4j.scheduler.config.ChainConfig;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Settings of {@link LcmScheduler} and {@link TcdScheduler}: diffusers' keys and defaults, which are the same for both. {@code steps_offset},
 * {@code timestep_spacing} and {@code set_alpha_to_one} decide nothing, in diffusers neither.
 *
 * @param originalInferenceSteps how many steps the network was distilled with; a run takes some of them
 */
public record ConsistencyConfig(
        int numTrainTimesteps,
        double betaStart,
        double betaEnd,
        BetaSchedule betaSchedule,
        @Nullable List<Double> trainedBetas,
        int originalInferenceSteps,
        boolean clipSample,
        double clipSampleRange,
        boolean setAlphaToOne,
        int stepsOffset,
        PredictionType predictionType,
        boolean thresholding,
        double dynamicThresholdingRatio,
        double sampleMaxValue,
        TimestepSpacing timestepSpacing,
        double timestepScaling,
        boolean rescaleBetasZeroSnr)
        implements ChainConfig {
    public static final ConsistencyConfig DEFAULT = new ConsistencyConfig(
            1000,
            0.00085,
            0.012,
            BetaSchedule.SCALED_LINEAR,
            null,
            50,
            false,
            1,
            true,
            0,
            PredictionType.EPSILON,
            false,
            0.995,
            1,
            TimestepSpacing.LEADING,
            10,
            false);

    public ConsistencyConfig {
        Check.inRange(originalInferenceSteps, 1, numTrainTimesteps, "original_inference_steps");
        Check.finite(timestepScaling, "timestep_scaling");
    }

    /** Those of a run, falling: some of the distillation's, evenly spaced, from the highest that the strength allows. */
    double[] timesteps(SamplingSettings settings) {
        int steps = settings.numInferenceSteps();
        int original = (int) (originalInferenceSteps * settings.strength());
        Check.that(
                steps <= original,
                "{steps} must be at most " + original
                        + ", as many as the model was distilled for (original_inference_steps "
                        + originalInferenceSteps + ")" + share(settings) + ", but was " + steps);
        int stride = numTrainTimesteps / originalInferenceSteps;
        double[] timesteps = new double[steps];
        for (int i = 0; i < steps; i++) {
            int skipped = (int) Math.floor(i * ((double) original / steps));
            timesteps[i] = (double) (original - skipped) * stride - 1;
        }
        return timesteps;
    }

    private static String share(SamplingSettings settings) {
        return settings.strength() == 1 ? "" : " times {strength} " + settings.strength();
    }
}
