// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.DoubleUnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * A sampling algorithm with its config: immutable, so that one instance serves any number of threads. What changes during a run
 * lives in a {@link SchedulerRun}. Reads and writes diffusers' {@code scheduler_config.json}.
 */
public abstract class Scheduler {
    private final Record config;
    private final SampleRange keptRange;
    private final Map<String, @Nullable Object> unknownKeys;

    /**
     * @param config this algorithm's own settings
     * @param unknownKeys settings of other algorithms, kept so that nothing is lost when the scheduler is swapped back
     */
    protected Scheduler(Record config, Map<String, @Nullable Object> unknownKeys) {
        this.config = config;
        this.unknownKeys = new LinkedHashMap<>(unknownKeys);
        Object range = unknownKeys.get(SampleRange.KEY);
        this.keptRange = range == null ? SampleRange.SIGNED : SampleRange.named(range);
    }

    /**
     * Its name in files. A scheduler of an application names the built-in algorithm that {@link #config()} is for: a saved folder
     * then holds that one, which any reader knows.
     */
    public abstract Algorithm algorithm();

    /** What the network is taken to predict. */
    public abstract PredictionType predictionType();

    /** T. */
    public abstract int numTrainTimesteps();

    /**
     * A fresh run, from {@link SamplingSettings#firstStep()} on.
     *
     * @throws IllegalArgumentException where the algorithm cannot run so
     */
    public final SchedulerRun start(SamplingSettings settings) {
        SchedulerRun run = newRun(settings);
        try {
            run.begin(settings.firstStep() * order());
        } catch (Throwable e) {
            run.close();
            throw e;
        }
        return run;
    }

    /**
     * A run over all steps; {@link #start} moves it to its first one.
     *
     * @throws IllegalArgumentException where the algorithm cannot run so: what would end in numbers that are not finite is refused
     *     here, before anything is drawn
     */
    protected abstract SchedulerRun newRun(SamplingSettings settings);

    /** How many calls of the network a step takes: diffusers' {@code order}. */
    public int order() {
        return 1;
    }

    /** What a network must have been trained on to be sampled with this scheduler as it is configured. */
    public Algorithm.Chain chain() {
        return algorithm().chain();
    }

    /**
     * Between which values the samples lie that the network was trained on: signed, if not the algorithm or the key
     * {@code sample_range} of its config ({@code unit}: 0 to 1) says otherwise. The key stays when schedulers are swapped.
     */
    public SampleRange sampleRange() {
        return keptRange;
    }

    /** The keys of {@link StepOptions} that a run of this scheduler takes. */
    public Set<String> stepOptions() {
        return Set.of();
    }

    /** Whether a run uses {@link SamplingSettings#eta()}; where not, it is ignored, as in diffusers' pipelines. */
    public boolean takesEta() {
        return false;
    }

    /**
     * Whether a run can step with the outputs of a network.
     *
     * @param sampleChannels C, of the network's samples
     * @param outChannels of its outputs; 2·C where a variance is predicted too
     */
    public boolean takesOutput(int sampleChannels, int outChannels) {
        return outChannels == sampleChannels;
    }

    /**
     * x₀'s share in x_t = signalRate·x₀ + noiseRate·ε.
     *
     * @param timestep as the network sees it
     */
    public abstract double signalRate(double timestep);

    /** ε's share in x_t, see {@link #signalRate}. */
    public abstract double noiseRate(double timestep);

    /** The timestep of training level {@code index}, from 0, almost clean, to T−1, almost noise. */
    public double trainTimestep(int index) {
        return index;
    }

    /** Whether training draws any time in [0, 1] ({@link #timestepAt}) and not one of T levels. */
    public boolean isContinuous() {
        return false;
    }

    /**
     * The timestep at a time in [0, 1], from almost clean to almost noise.
     *
     * @throws IllegalStateException where time is not continuous
     */
    public double timestepAt(double time) {
        throw new IllegalStateException(
                algorithm().key() + " has " + numTrainTimesteps() + " levels, no continuous time");
    }

    /** What a network gets in a timestep's place: the timestep itself, unless it was trained without one. */
    public double networkTime(double timestep) {
        return timestep;
    }

    /**
     * The chain's noise.
     *
     * @param gaussian N(0, I), {@code float32 (B, C, H, W)}
     * @return {@code gaussian} itself where noise is Gaussian, or a new tensor owned by the current scope
     */
    public Tensor noise(Tensor gaussian) {
        return gaussian;
    }

    /**
     * The forward process, as training uses it.
     *
     * @param originalSamples x₀, {@code float32 (B, C, H, W)}
     * @param noise ε, the same shape
     * @param timesteps one for each of the B; see {@link #trainTimestep}
     * @return x_t, a new tensor owned by the current scope
     */
    public final Tensor addNoise(Tensor originalSamples, Tensor noise, double... timesteps) {
        return TensorScope.keepResult(() -> perImage(timesteps, this::signalRate, originalSamples)
                .mul(originalSamples)
                .add(perImage(timesteps, this::noiseRate, originalSamples).mul(noise)));
    }

    /**
     * {@link #addNoise}'s result as the network's input; {@link SchedulerRun#scaleModelInput} is the same for a run.
     *
     * @return {@code sample} itself where it is not scaled, or a new tensor owned by the current scope
     */
    public Tensor scaleModelInput(Tensor sample, double... timesteps) {
        return sample;
    }

    /**
     * What the network should predict for {@link #addNoise}'s result, by {@link #predictionType()}.
     *
     * @return a tensor owned by the current scope, or {@code noise} or {@code originalSamples} itself
     */
    public Tensor trainingTarget(Tensor originalSamples, Tensor noise, double... timesteps) {
        return switch (predictionType()) {
            case EPSILON -> noise;
            case SAMPLE -> originalSamples;
            case V_PREDICTION -> velocity(originalSamples, noise, timesteps);
            case FLOW_PREDICTION -> noise.sub(originalSamples);
            case SCORE ->
                TensorScope.keepResult(
                        () -> perImage(timesteps, t -> -1 / noiseRate(t), noise).mul(noise));
        };
    }

    /** v = √ᾱ·ε − √(1−ᾱ)·x₀; diffusers' {@code get_velocity}. A new tensor owned by the current scope. */
    public final Tensor velocity(Tensor originalSamples, Tensor noise, double... timesteps) {
        return TensorScope.keepResult(() -> perImage(timesteps, t -> signalRate(t) / norm(t), noise)
                .mul(noise)
                .sub(perImage(timesteps, t -> noiseRate(t) / norm(t), noise).mul(originalSamples)));
    }

    private double norm(double timestep) {
        return Math.hypot(signalRate(timestep), noiseRate(timestep));
    }

    /** ᾱ/(1−ᾱ) at a training timestep, for the weights of the loss. */
    public final double snr(double timestep) {
        double ratio = signalRate(timestep) / noiseRate(timestep);
        return ratio * ratio;
    }

    /** {@code float32 (B, 1, 1, 1)}: a value for each timestep, computed in double, where {@code like} lies; owned by the current scope. */
    protected static Tensor perImage(double[] timesteps, DoubleUnaryOperator value, Tensor like) {
        return Tensors.ofDoubles(Arrays.stream(timesteps).map(value).toArray())
                .view(-1, 1, 1, 1)
                .to(like.device(), ScalarType.Float);
    }

    /** All keys of {@code scheduler_config.json} but the underscored ones, with those of other algorithms that were read. */
    public final Map<String, @Nullable Object> config() {
        Map<String, @Nullable Object> all = Records.toMap(config);
        unknownKeys.forEach(all::putIfAbsent);
        return all;
    }

    /** A setting of another algorithm that was kept, where this one uses it as diffusers does; {@code null} if not there. */
    protected final @Nullable Double keptNumber(String key) {
        return unknownKeys.get(key) instanceof Number number ? (Double) number.doubleValue() : null;
    }

    /** @throws IllegalArgumentException where more steps are asked for than were trained */
    protected final void checkSteps(int steps) {
        Check.that(
                steps <= numTrainTimesteps(),
                "{steps} must be at most the " + numTrainTimesteps()
                        + " timesteps that the model was trained on, but was " + steps);
    }
}
