// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.sigma;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.schedule.BetaSchedule;
import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.schedule.SigmaSchedule;
import dev.diffusion4j.schedule.SigmaSpacing;
import dev.diffusion4j.schedule.SigmaTable;
import dev.diffusion4j.schedule.TimestepSpacing;
import dev.diffusion4j.scheduler.config.SigmaConfig;
import dev.diffusion4j.scheduler.timestep.BetaScheduler;
import java.util.Map;
import java.util.Set;
import java.util.function.DoubleUnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A scheduler that goes by noise levels, x = x₀ + σ·ε, with a network that was trained on a chain of β: the samplers of Karras et
 * al. (2022) and of k-diffusion. The network sees x/√(σ²+1).
 */
abstract class SigmaScheduler extends BetaScheduler {
    private final SigmaConfig config;
    private final SigmaSchedule trained;

    <C extends Record & SigmaConfig> SigmaScheduler(
            C config,
            Map<String, @Nullable Object> unknownKeys,
            Set<BetaSchedule> schedules,
            Set<PredictionType> predictions) {
        super(config, unknownKeys, schedules, predictions);
        Check.notNegative(config.stepsOffset(), "steps_offset");
        config.sigmaSpacing();
        this.config = config;
        this.trained = SigmaSchedule.of(schedule());
    }

    @Override
    public double signalRate(double timestep) {
        checkTimestep(timestep);
        return 1;
    }

    @Override
    public double noiseRate(double timestep) {
        return trained.at(checkTimestep(timestep));
    }

    @Override
    public Tensor scaleModelInput(Tensor sample, double... timesteps) {
        return sample.mul(perImage(timesteps, t -> 1 / Math.hypot(1, noiseRate(t)), sample));
    }

    /** σ of the trained timesteps. */
    final SigmaSchedule trained() {
        return trained;
    }

    /** The levels of N chosen timesteps; the reference lets only Euler do otherwise. */
    double[] levels(double[] timesteps) {
        return trained.at(timesteps);
    }

    /** The lowest level of a spacing that is given by its ends; {@code null} for that of the last chosen timestep. */
    @Nullable
    Double sigmaMin() {
        return keptNumber("sigma_min");
    }

    /** The highest level, see {@link #sigmaMin()}. */
    @Nullable
    Double sigmaMax() {
        return keptNumber("sigma_max");
    }

    /**
     * The levels of a run.
     *
     * @param end where it ends
     * @param rounding of timesteps that follow from levels
     */
    final SigmaTable table(int steps, double end, DoubleUnaryOperator rounding) {
        if (config.timestepSpacing() != TimestepSpacing.LINSPACE) {
            checkSteps(steps);
        }
        double[] timesteps = config.timestepSpacing().fractional(numTrainTimesteps(), steps, config.stepsOffset());
        double[] levels = levels(timesteps);
        SigmaSpacing spacing = config.sigmaSpacing();
        if (spacing == SigmaSpacing.TIMESTEPS) {
            return new SigmaTable(levels, end, timesteps).checked();
        }
        Double min = sigmaMin();
        Double max = sigmaMax();
        double[] spread =
                spacing.between(min != null ? min : levels[levels.length - 1], max != null ? max : levels[0], steps);
        return SigmaTable.ofLevels(trained, spread, rounding, end).checked();
    }

    /** The standard deviation of x_T in a run with these levels. */
    final double initNoiseSigma(SigmaTable table) {
        return config.timestepSpacing() == TimestepSpacing.LEADING ? Math.hypot(table.max(), 1) : table.max();
    }
}
