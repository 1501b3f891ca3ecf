// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.sigma;

import dev.diffusion4j.schedule.SigmaSchedule;
import dev.diffusion4j.schedule.SigmaTable;
import dev.diffusion4j.scheduler.Algorithm;
import dev.diffusion4j.scheduler.Algorithm.Chain;
import dev.diffusion4j.scheduler.SamplingSettings;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.scheduler.config.ChainConfig;
import dev.diffusion4j.scheduler.internal.Clipping;
import dev.diffusion4j.scheduler.internal.Combine;
import dev.diffusion4j.tensor.NoiseSource;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link Kdpm2Scheduler} that goes lower than the next level and comes back with fresh noise, as in k-diffusion's
 * {@code sample_dpm_2_ancestral}; diffusers' {@code KDPM2AncestralDiscreteScheduler}, whose settings are the same.
 */
public final class Kdpm2AncestralScheduler extends SigmaScheduler {
    /** Its names, and how it is made. */
    public static final Algorithm ALGORITHM = Algorithm.of(
            "kdpm2-ancestral",
            "KDPM2AncestralDiscreteScheduler",
            Chain.BETAS,
            Kdpm2Scheduler.Config.DEFAULT,
            Kdpm2AncestralScheduler::new);

    private final Kdpm2Scheduler.Config config;

    /** With the given settings. */
    public Kdpm2AncestralScheduler(Kdpm2Scheduler.Config config) {
        this(config, Map.of());
    }

    Kdpm2AncestralScheduler(Kdpm2Scheduler.Config config, Map<String, @Nullable Object> unknownKeys) {
        super(config, unknownKeys, ChainConfig.COMMON_SCHEDULES, ChainConfig.EPSILON_V);
        this.config = config;
    }

    @Override
    public Algorithm algorithm() {
        return ALGORITHM;
    }

    @Override
    public int order() {
        return 2;
    }

    @Override
    protected SchedulerRun newRun(SamplingSettings settings) {
        SigmaTable table = table(settings.numInferenceSteps(), 0, config.rounding());
        double[] middles = new double[table.size() - 1];
        for (int i = 0; i < middles.length; i++) {
            double down = sigmaDown(table.sigma(i), table.sigma(i + 1));
            middles[i] = Kdpm2Scheduler.middle(table.sigma(i), down);
        }
        return new Run(table, middles, trained());
    }

    /** Above 0 where the next level is: in f32 nothing may be left of it, and there is no middle to 0 in ln σ. */
    private static double sigmaDown(double from, double to) {
        double down = EulerAncestralScheduler.sigmaDown(from, to);
        return down == 0 ? to * to / from : down;
    }

    private final class Run extends TwoCallRun {
        private final SigmaTable table;

        Run(SigmaTable table, double[] middles, SigmaSchedule trained) {
            super(
                    config.predictionType(),
                    Clipping.NONE,
                    interleave(table.timesteps(), trained.timestepsOf(middles)),
                    interleave(table.levels(), middles),
                    0,
                    Kdpm2AncestralScheduler.this.initNoiseSigma(table));
            this.table = table;
        }

        @Override
        Tensor finish(int i, Tensor sample, Tensor first, Tensor second, NoiseSource noise) {
            double from = table.sigma(i);
            double to = table.sigma(i + 1);
            double down = sigmaDown(from, to) - from;
            double up = EulerAncestralScheduler.sigmaUp(from, to);
            return Combine.sum(1, sample, down, second, up, noise.like(sample));
        }
    }
}
