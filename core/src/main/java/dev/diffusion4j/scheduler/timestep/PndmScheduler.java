// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.timestep;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.schedule.BetaSchedule;
import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.schedule.TimestepSpacing;
import dev.diffusion4j.scheduler.Algorithm;
import dev.diffusion4j.scheduler.Algorithm.Chain;
import dev.diffusion4j.scheduler.SamplingSettings;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.scheduler.StepResult;
import dev.diffusion4j.scheduler.config.ChainConfig;
import dev.diffusion4j.scheduler.internal.Combine;
import dev.diffusion4j.scheduler.internal.TensorHistory;
import dev.diffusion4j.tensor.NoiseSource;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Pseudo numerical methods of Liu et al. (2022), algorithm 2: three steps of Runge–Kutta with four calls each (PRK), then linear
 * multistep (PLMS); or, with {@code skip_prk_steps}, PLMS only, whose first step calls twice; diffusers' {@code PNDMScheduler}.
 */
public final class PndmScheduler extends VpScheduler {
    /** Its names, and how it is made. */
    public static final Algorithm ALGORITHM =
            Algorithm.of("pndm", "PNDMScheduler", Chain.BETAS, Config.DEFAULT, PndmScheduler::new);

    private static final int ORDER = 4;
    private static final int PRK_CALLS = 12;

    /** The weights of the last outputs, newest first, by how many there are: Adams–Bashforth. */
    private static final double[][] PLMS = {
        {1}, {3.0 / 2, -1.0 / 2}, {23.0 / 12, -16.0 / 12, 5.0 / 12}, {55.0 / 24, -59.0 / 24, 37.0 / 24, -9.0 / 24}
    };

    /** diffusers' keys and defaults. */
    public record Config(
            int numTrainTimesteps,
            double betaStart,
            double betaEnd,
            BetaSchedule betaSchedule,
            @Nullable List<Double> trainedBetas,
            boolean skipPrkSteps,
            boolean setAlphaToOne,
            PredictionType predictionType,
            TimestepSpacing timestepSpacing,
            int stepsOffset)
            implements ChainConfig {
        public static final Config DEFAULT = new Config(
                1000,
                1e-4,
                0.02,
                BetaSchedule.LINEAR,
                null,
                false,
                false,
                PredictionType.EPSILON,
                TimestepSpacing.LEADING,
                0);

        public Config {
            Check.notNegative(stepsOffset, "steps_offset");
        }
    }

    private final Config config;

    /** With the given settings. */
    public PndmScheduler(Config config) {
        this(config, Map.of());
    }

    PndmScheduler(Config config, Map<String, @Nullable Object> unknownKeys) {
        super(config, unknownKeys, ChainConfig.COMMON_SCHEDULES, ChainConfig.EPSILON_V);
        this.config = config;
    }

    @Override
    public Algorithm algorithm() {
        return ALGORITHM;
    }

    @Override
    protected SchedulerRun newRun(SamplingSettings settings) {
        int steps = settings.numInferenceSteps();
        checkSteps(steps);
        double[] timesteps = config.timestepSpacing.timesteps(config.numTrainTimesteps, steps, config.stepsOffset);
        int stride = config.numTrainTimesteps / steps;
        if (config.skipPrkSteps) {
            return new Run(checkedLevels(plmsCalls(timesteps), false), 0, stride);
        }
        Check.that(
                steps >= ORDER,
                "{steps} must be at least " + ORDER + " for the Runge-Kutta start, but was " + steps
                        + "; set skip_prk_steps to do without it");
        return new Run(checkedLevels(prkCalls(timesteps, stride / 2), false), PRK_CALLS, stride);
    }

    /** The second timestep twice. */
    private static double[] plmsCalls(double[] timesteps) {
        if (timesteps.length == 1) {
            return timesteps;
        }
        double[] calls = new double[timesteps.length + 1];
        System.arraycopy(timesteps, 0, calls, 0, 2);
        System.arraycopy(timesteps, 1, calls, 2, timesteps.length - 1);
        return calls;
    }

    /** Each of the first three steps at its start, twice half a stride before its end, and at its end; the rest once each. */
    private static double[] prkCalls(double[] timesteps, int half) {
        double[] calls = new double[PRK_CALLS + timesteps.length - 3];
        for (int i = 0; i < 3; i++) {
            calls[4 * i] = timesteps[i];
            calls[4 * i + 1] = timesteps[i + 1] + half;
            calls[4 * i + 2] = timesteps[i + 1] + half;
            calls[4 * i + 3] = timesteps[i + 1];
        }
        System.arraycopy(timesteps, 3, calls, PRK_CALLS, timesteps.length - 3);
        return calls;
    }

    private final class Run extends VpRun {
        private final double[] calls;
        private final int prkCalls;
        private final int stride;
        private int used;
        private final TensorHistory outputs = new TensorHistory(ORDER);
        private final TensorHistory start = new TensorHistory(1);
        private final TensorHistory weighted = new TensorHistory(1);

        Run(double[] calls, int prkCalls, int stride) {
            super(calls);
            this.calls = calls;
            this.prkCalls = prkCalls;
            this.stride = stride;
        }

        /** The reference then takes the first timesteps' Runge–Kutta steps for the later ones'. */
        @Override
        protected void checkBegin() {
            Check.that(
                    prkCalls == 0,
                    "a run with the Runge-Kutta start cannot begin at a later step; set skip_prk_steps to do without it");
        }

        @Override
        protected StepResult advance(Tensor modelOutput, Tensor sample, NoiseSource noise) {
            Tensor prevSample = stepIndex() < prkCalls ? prk(modelOutput, sample) : plms(modelOutput, sample);
            used++;
            return new StepResult(prevSample, predOriginalSample(modelOutput, sample));
        }

        /** Runge–Kutta with weights 1/6, 1/3, 1/3, 1/6: eq. 13. */
        private Tensor prk(Tensor modelOutput, Tensor sample) {
            int call = stepIndex() % 4;
            int from = (int) calls[stepIndex() - call];
            int to = (int) timestep() - (call % 2 == 0 ? stride / 2 : 0);
            if (call == 0) {
                start.add(sample);
                outputs.add(modelOutput);
                weighted.add(Combine.scale(1.0 / 6, modelOutput));
                return transfer(sample, modelOutput, from, to);
            }
            Tensor sum = Combine.sum(1, weighted.get(0), call == 3 ? 1.0 / 6 : 1.0 / 3, modelOutput);
            if (call < 3) {
                weighted.add(sum);
                return transfer(start.get(0), modelOutput, from, to);
            }
            Tensor prevSample = transfer(start.get(0), sum, from, to);
            weighted.close();
            return prevSample;
        }

        /**
         * Linear multistep: eq. 12; where it starts cold, the first step is made anew with the mean of its two ends' outputs. A run
         * that begins later finds no timestep twice, and from its second call on goes a step behind, as in the reference.
         */
        private Tensor plms(Tensor modelOutput, Tensor sample) {
            int t = (int) timestep();
            if (prkCalls == 0 && used == 1) {
                Tensor mean = Combine.sum(0.5, modelOutput, 0.5, outputs.get(0));
                Tensor prevSample = transfer(start.get(0), mean, t + stride, t);
                start.close();
                return prevSample;
            }
            outputs.add(modelOutput);
            if (prkCalls == 0 && used == 0) {
                start.add(sample);
            }
            Tensor mean = Combine.sum(PLMS[outputs.size() - 1], outputs.all());
            return transfer(sample, mean, t, t - stride);
        }

        /** x at {@code to} from x at {@code from}: eq. 11. */
        private Tensor transfer(Tensor sample, Tensor output, int from, int to) {
            double alphaBar = schedule().alphasCumprod(from);
            double next = schedule().alphasCumprod(config.setAlphaToOne ? to : Math.max(to, 0));
            Tensor epsilon = Combine.predEpsilon(
                    config.predictionType, Math.sqrt(alphaBar), Math.sqrt(1 - alphaBar), output, sample);
            double slope =
                    (alphaBar - next) / (alphaBar * Math.sqrt(1 - next) + Math.sqrt(alphaBar * (1 - alphaBar) * next));
            return Combine.sum(Math.sqrt(next / alphaBar), sample, slope, epsilon);
        }

        @Override
        public void close() {
            outputs.close();
            start.close();
            weighted.close();
        }
    }
}
