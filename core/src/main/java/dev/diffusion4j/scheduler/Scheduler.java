// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.schedule.PredictionType;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A sampling algorithm with its config: immutable, so that one instance serves any number of threads. What changes during a run
 * lives in a {@link SchedulerRun}. Reads and writes diffusers' {@code scheduler_config.json}.
 */
public abstract class Scheduler {
    private final Record config;
    private final Map<String, @Nullable Object> unknownKeys;

    /**
     * @param config this algorithm's own settings
     * @param unknownKeys settings of other algorithms, kept so that nothing is lost when the scheduler is swapped back
     */
    protected Scheduler(Record config, Map<String, @Nullable Object> unknownKeys) {
        this.config = config;
        this.unknownKeys = new LinkedHashMap<>(unknownKeys);
    }

    /** Its name in files and flags. */
    public abstract SchedulerKind kind();

    /** What the network is taken to predict. */
    public abstract PredictionType predictionType();

    /** T. */
    public abstract int numTrainTimesteps();

    /**
     * A fresh run.
     *
     * @throws IllegalArgumentException where the algorithm cannot take so many steps
     */
    public abstract SchedulerRun start(SamplingSettings settings);

    /**
     * The forward process, as training uses it.
     *
     * @param originalSamples x₀, {@code float32 (B, C, H, W)}
     * @param noise ε, the same shape
     * @param timesteps one for each of the B
     * @return x_t, a new tensor owned by the current scope
     */
    public abstract Tensor addNoise(Tensor originalSamples, Tensor noise, double... timesteps);

    /**
     * What the network should predict for {@link #addNoise}'s result, by {@link #predictionType()}.
     *
     * @return a tensor owned by the current scope, or {@code noise} or {@code originalSamples} itself
     */
    public abstract Tensor trainingTarget(Tensor originalSamples, Tensor noise, double... timesteps);

    /** ᾱ/(1−ᾱ) at a training timestep, for the weights of the loss. */
    public abstract double snr(double timestep);

    /** All keys of {@code scheduler_config.json} but the underscored ones, with those of other algorithms that were read. */
    public final Map<String, @Nullable Object> config() {
        Map<String, @Nullable Object> all = Records.toMap(config);
        unknownKeys.forEach(all::putIfAbsent);
        return all;
    }

    /** @throws IllegalArgumentException where more steps are asked for than were trained */
    protected final void checkSteps(int steps) {
        Check.that(
                steps <= numTrainTimesteps(),
                "steps must be at most the " + numTrainTimesteps() + " timesteps that the model was trained on, but was " + steps);
    }
}
