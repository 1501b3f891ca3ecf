// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.schedule.BetaSchedule;
import dev.diffusion4j.schedule.NoiseSchedule;
import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntToDoubleFunction;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** A scheduler on the variance-preserving chain x_t = √ᾱ_t·x₀ + √(1−ᾱ_t)·ε with whole training timesteps. */
abstract class VpScheduler extends Scheduler {
    /** The settings of the chain that all configs share; record accessors implement it. */
    interface ChainConfig {
        int numTrainTimesteps();

        double betaStart();

        double betaEnd();

        BetaSchedule betaSchedule();

        @Nullable List<Double> trainedBetas();

        PredictionType predictionType();

        default boolean rescaleBetasZeroSnr() {
            return false;
        }

        /** Checks what all algorithms check, and that the schedule and the prediction are ones that this algorithm knows. */
        default void checkChain(Set<BetaSchedule> schedules, Set<PredictionType> predictions) {
            Check.inRange(numTrainTimesteps(), 1, 1_000_000, "num_train_timesteps");
            Check.inRange(betaStart(), 0, 1, "beta_start");
            Check.inRange(betaEnd(), 0, 1, "beta_end");
            choose(betaSchedule(), schedules, "beta_schedule");
            choose(predictionType(), predictions, "prediction_type");
        }

        private static <E extends Enum<E> & dev.diffusion4j.base.Keyed> void choose(E value, Set<E> allowed, String name) {
            Check.that(
                    allowed.contains(value),
                    name + " '" + value.key() + "' is not known to this scheduler; choose one of "
                            + String.join(", ", allowed.stream().map(E::key).toList()));
        }
    }

    /** What most algorithms allow. */
    static final Set<BetaSchedule> COMMON_SCHEDULES =
            EnumSet.of(BetaSchedule.LINEAR, BetaSchedule.SCALED_LINEAR, BetaSchedule.SQUAREDCOS_CAP_V2);

    static final Set<PredictionType> EPSILON_SAMPLE_V =
            EnumSet.of(PredictionType.EPSILON, PredictionType.SAMPLE, PredictionType.V_PREDICTION);

    private final ChainConfig chain;
    private final NoiseSchedule schedule;

    <C extends Record & ChainConfig> VpScheduler(C config, Map<String, @Nullable Object> unknownKeys) {
        super(config, unknownKeys);
        chain = config;
        List<Double> trained = config.trainedBetas();
        double[] betas = trained != null
                ? trained.stream().mapToDouble(Double::doubleValue).toArray()
                : config.betaSchedule().betas(config.numTrainTimesteps(), config.betaStart(), config.betaEnd());
        NoiseSchedule plain = NoiseSchedule.ofBetas(betas);
        schedule = config.rescaleBetasZeroSnr() ? plain.rescaleZeroTerminalSnr() : plain;
    }

    /** ᾱ by training timestep. */
    public final NoiseSchedule schedule() {
        return schedule;
    }

    @Override
    public final PredictionType predictionType() {
        return chain.predictionType();
    }

    @Override
    public final int numTrainTimesteps() {
        return chain.numTrainTimesteps();
    }

    @Override
    public Tensor addNoise(Tensor originalSamples, Tensor noise, double... timesteps) {
        return TensorScope.keepResult(() -> perImage(timesteps, t -> Math.sqrt(schedule.alphasCumprod(t)))
                .mul(originalSamples)
                .add(perImage(timesteps, t -> Math.sqrt(1 - schedule.alphasCumprod(t))).mul(noise)));
    }

    @Override
    public Tensor trainingTarget(Tensor originalSamples, Tensor noise, double... timesteps) {
        return switch (predictionType()) {
            case EPSILON -> noise;
            case SAMPLE -> originalSamples;
            case V_PREDICTION -> velocity(originalSamples, noise, timesteps);
            case FLOW_PREDICTION -> noise.sub(originalSamples);
        };
    }

    /** v = √ᾱ·ε − √(1−ᾱ)·x₀; diffusers' {@code get_velocity}. A new tensor owned by the current scope. */
    public Tensor velocity(Tensor originalSamples, Tensor noise, double... timesteps) {
        return TensorScope.keepResult(() -> perImage(timesteps, t -> Math.sqrt(schedule.alphasCumprod(t)))
                .mul(noise)
                .sub(perImage(timesteps, t -> Math.sqrt(1 - schedule.alphasCumprod(t))).mul(originalSamples)));
    }

    @Override
    public double snr(double timestep) {
        return schedule.snr((int) timestep);
    }

    /** (B, 1, 1, 1) of a value for each timestep. */
    private Tensor perImage(double[] timesteps, IntToDoubleFunction value) {
        double[] values = new double[timesteps.length];
        for (int i = 0; i < values.length; i++) {
            Check.inRange(timesteps[i], 0, numTrainTimesteps() - 1.0, "timestep");
            values[i] = value.applyAsDouble((int) timesteps[i]);
        }
        return Tensors.ofDoubles(values).view(-1, 1, 1, 1);
    }
}
