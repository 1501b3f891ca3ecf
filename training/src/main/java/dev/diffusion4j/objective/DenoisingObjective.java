// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.objective;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.codec.PixelCodec;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.condition.Conditioner;
import dev.diffusion4j.condition.Conditioners;
import dev.diffusion4j.condition.Subject;
import dev.diffusion4j.layer.ProductStrengths;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * Learn to undo noise: a timestep and noise are drawn for each picture, the noise is added, the network predicts what the
 * scheduler's prediction type asks for. Ho et al. (2020), algorithm 1. Where the scheduler's time is continuous, any time in [0, 1]
 * is drawn.
 */
public final class DenoisingObjective implements Objective {
    /** How far x̂₀ is from the picture, by the same measure as the loss and in the samples' own range. */
    public static final String IMAGE_LOSS = "image_loss";

    private final DiffusionModel model;
    private final Scheduler scheduler;
    private final Conditioner conditioner;
    private final SampleCodec codec;
    private final DenoisingSettings settings;

    /** @param model borrowed */
    public DenoisingObjective(DiffusionModel model, Scheduler scheduler, LossType lossType, LossWeighting weighting) {
        this(model, scheduler, DenoisingSettings.of(lossType, weighting));
    }

    /** @param model borrowed; its own conditioner, and pixels in the scheduler's range */
    public DenoisingObjective(DiffusionModel model, Scheduler scheduler, DenoisingSettings settings) {
        this(model, scheduler, Conditioners.of(model), PixelCodec.of(model.sampleChannels(), scheduler), settings);
    }

    /**
     * @param model borrowed, as are the conditioner and the codec
     * @param conditioner of the network's conditions; where conditions are dropped, one that can drop them
     * @param codec between the data's pictures and the network's samples
     */
    public DenoisingObjective(
            DiffusionModel model,
            Scheduler scheduler,
            Conditioner conditioner,
            SampleCodec codec,
            DenoisingSettings settings) {
        Check.that(
                !settings.drop().isActive() || conditioner.canDrop(),
                "a " + model.modelClass().name() + " always needs its condition, so that there is nothing to drop");
        this.model = model;
        this.scheduler = scheduler;
        this.conditioner = conditioner;
        this.codec = codec;
        this.settings = settings;
    }

    @Override
    public Model model() {
        return model;
    }

    /** The denoiser, and what of the conditioner learns, by its own names. */
    @Override
    public Map<String, Model> networks() {
        Map<String, Model> all = new LinkedHashMap<>(Map.of("", model));
        all.putAll(conditioner.learners());
        return all;
    }

    @Override
    public Map<String, Double> scalars(int epoch) {
        return settings.drop().isActive()
                ? Map.of("context_drop", settings.drop().at(epoch, settings.epochs()))
                : Map.of();
    }

    @Override
    public Task draw(TrainingExamples examples, RandomStream random) {
        Tensor images = encoded(examples.images(), random);
        Tensor noise = scheduler.noise(random.randn(Tensors.shape(images)));
        double[] timesteps = timesteps(examples.size(), random);
        double dropped = settings.drop().at(examples.epoch(), settings.epochs());
        Tensor keep = dropped == 0 ? null : ContextDrop.drawKeep(random, examples.size(), dropped);
        Condition condition = new Condition(subjects(examples), keep, null);
        return new Denoising(
                scheduler.scaleModelInput(scheduler.addNoise(images, noise, timesteps), timesteps),
                Tensors.ofDoubles(
                        Arrays.stream(timesteps).map(scheduler::networkTime).toArray()),
                scheduler.trainingTarget(images, noise, timesteps),
                isEncodedAhead() ? condition.ahead() : condition,
                settings.isUniform() ? null : Tensors.ofDoubles(weights(timesteps, examples.labels())),
                settings.trackImageLoss() ? imageFactors(timesteps) : null,
                settings.leastStrengths().isEmpty() ? null : strengths(examples, random));
    }

    /** Between its label's least one and 1, evenly, for each picture. */
    private Tensor strengths(TrainingExamples examples, RandomStream random) {
        long[] own = Tensors.longs(examples.labels());
        float[] drawn = Tensors.floats(random.rand(own.length));
        double[] strengths = new double[own.length];
        Arrays.setAll(strengths, i -> {
            double least = settings.leastStrengths().get((int) own[i]);
            return least + (1 - least) * drawn[i];
        });
        return Tensors.ofDoubles(strengths);
    }

    /**
     * Of each picture, by its noise and its label. Where labels count, the noise does so for the thing to be learnt alone (label 0), as in
     * diffusers' {@code train_dreambooth.py}, whose prior loss is a plain mean.
     */
    private double[] weights(double[] timesteps, Tensor labels) {
        List<Double> byLabel = settings.labelWeights();
        long[] own = Tensors.longs(labels);
        double[] weights = new double[timesteps.length];
        Arrays.setAll(weights, i -> {
            double label = byLabel.isEmpty() ? 1 : byLabel.get((int) own[i]);
            if (!byLabel.isEmpty() && own[i] != 0) {
                return label;
            }
            return label
                    * settings.weighting()
                            .weight(
                                    scheduler.signalRate(timesteps[i]),
                                    scheduler.noiseRate(timesteps[i]),
                                    scheduler.predictionType());
        });
        return weights;
    }

    /** Samples on the CPU, where noise is drawn; a codec does not learn. */
    private Tensor encoded(Tensor pictures, RandomStream random) {
        try (NoGradGuard guard = new NoGradGuard()) {
            return TensorScope.keepResult(() -> codec.encode(pictures, random).to(Devices.cpu(), ScalarType.Float));
        }
    }

    /** As the scheduler knows them. */
    private double[] timesteps(long count, RandomStream random) {
        double[] timesteps = new double[(int) count];
        if (scheduler.isContinuous()) {
            float[] times = Tensors.floats(random.rand(count));
            Arrays.setAll(timesteps, i -> scheduler.timestepAt(times[i]));
        } else {
            long[] levels = Tensors.longs(random.randint(scheduler.numTrainTimesteps(), count));
            Arrays.setAll(timesteps, i -> scheduler.trainTimestep((int) levels[i]));
        }
        return timesteps;
    }

    /** By how much the measured distance of each x̂₀ is larger than that of the prediction it follows from. */
    private Tensor imageFactors(double[] timesteps) {
        return Tensors.ofDoubles(Arrays.stream(timesteps)
                .map(timestep -> {
                    double[] c = scheduler
                            .predictionType()
                            .predOriginalSampleCoefficients(
                                    scheduler.signalRate(timestep), scheduler.noiseRate(timestep));
                    double ratio = Math.abs(c[1] / c[2]);
                    return settings.lossType() == LossType.MSE ? ratio * ratio : ratio;
                })
                .toArray());
    }

    /** Whether conditions are encoded once for the whole batch, and in full precision: by networks that do not learn. */
    private boolean isEncodedAhead() {
        return conditioner.learners().isEmpty() && !conditioner.lent().isEmpty();
    }

    /** What the pictures show, on its way to what the network is given. */
    private final class Condition {
        private final List<Subject> subjects;
        private final @Nullable Tensor keep;
        private final @Nullable Conditioning encoded;

        /**
         * @param keep which of it is not dropped; {@code null} for all
         * @param encoded all of it; {@code null} where it is encoded within the loss
         */
        Condition(List<Subject> subjects, @Nullable Tensor keep, @Nullable Conditioning encoded) {
            this.subjects = subjects;
            this.keep = keep;
            this.encoded = encoded;
        }

        Condition ahead() {
            try (NoGradGuard guard = new NoGradGuard()) {
                return new Condition(subjects, null, encode());
            }
        }

        /** In the dtype and place of the samples. */
        Conditioning like(Tensor sample) {
            return (encoded == null ? encode() : encoded).to(sample.device(), Tensors.type(sample));
        }

        private Conditioning encode() {
            Conditioning all = conditioner.encode(subjects);
            return keep == null ? all : conditioner.drop(all, keep);
        }

        Condition slice(long start, long count) {
            return new Condition(
                    subjects.subList((int) start, (int) (start + count)),
                    keep == null ? null : keep.narrow(0, start, count),
                    encoded == null ? null : encoded.narrow(start, count));
        }
    }

    private static List<Subject> subjects(TrainingExamples examples) {
        long[] labels = Tensors.longs(examples.labels());
        List<Subject> subjects = new ArrayList<>();
        for (int i = 0; i < labels.length; i++) {
            Integer label = labels[i] < 0 ? null : (Integer) Math.toIntExact(labels[i]);
            subjects.add(new Subject(label, examples.captions().get(i)));
        }
        return subjects;
    }

    /** Noisy pictures and what is to be predicted for them. */
    private final class Denoising implements Task {
        private final Tensor noisy;
        private final Tensor timesteps;
        private final Tensor target;
        private final Condition condition;
        private final @Nullable Tensor weights;
        private final @Nullable Tensor imageFactors;
        private final @Nullable Tensor strengths;
        private Map<String, Double> tracked = Map.of();

        Denoising(
                Tensor noisy,
                Tensor timesteps,
                Tensor target,
                Condition condition,
                @Nullable Tensor weights,
                @Nullable Tensor imageFactors,
                @Nullable Tensor strengths) {
            this.imageFactors = imageFactors;
            this.strengths = strengths;
            this.noisy = noisy;
            this.timesteps = timesteps;
            this.target = target;
            this.condition = condition;
            this.weights = weights;
        }

        @Override
        public long size() {
            return noisy.size(0);
        }

        @Override
        public Task slice(long start, long count) {
            return each(tensor -> tensor.narrow(0, start, count), condition.slice(start, count));
        }

        @Override
        public Task to(Device device) {
            return each(tensor -> tensor.to(device, Tensors.type(tensor)), condition);
        }

        private Task each(UnaryOperator<Tensor> change, Condition some) {
            return new Denoising(
                    change.apply(noisy),
                    change.apply(timesteps),
                    change.apply(target),
                    some,
                    weights == null ? null : change.apply(weights),
                    imageFactors == null ? null : change.apply(imageFactors),
                    strengths == null ? null : change.apply(strengths));
        }

        @Override
        public Tensor loss() {
            return TensorScope.keepResult(() -> {
                Conditioning given = condition.like(noisy);
                Tensor prediction = ProductStrengths.run(strengths, () -> model.forward(noisy, timesteps, given))
                        .to(ScalarType.Float);
                if (imageFactors != null) {
                    tracked = Map.of(IMAGE_LOSS, imageLoss(prediction.detach(), imageFactors));
                }
                if (weights == null) {
                    return settings.lossType().mean(prediction, target);
                }
                return settings.lossType()
                        .elementwise(prediction, target)
                        .mean(1, 2, 3)
                        .mul(weights)
                        .mean();
            });
        }

        @Override
        public Optional<String> notFinite() {
            String by = " (scheduler " + scheduler.algorithm().key() + ", prediction type "
                    + scheduler.predictionType().key() + ")";
            return firstNotFinite(noisy)
                    .map(time -> "the noisy pictures are not finite" + time + by + ": look at the pictures")
                    .or(() -> firstNotFinite(target)
                            .map(time -> "what the network is to predict is not finite" + time + by
                                    + ": take another scheduler.config"))
                    .or(() -> weights == null
                            ? Optional.empty()
                            : firstNotFinite(weights)
                                    .map(time -> "the weight of the loss is not finite" + time + by
                                            + ": set objective.weighting to uniform"));
        }

        /** At which timestep. */
        private Optional<String> firstNotFinite(Tensor values) {
            float[] largest = TensorScope.compute(
                    () -> Tensors.floats(values.reshape(size(), -1).abs().amax(new long[] {1}, false)));
            for (int i = 0; i < largest.length; i++) {
                if (!Float.isFinite(largest[i])) {
                    return Optional.of(" at timestep " + Tensors.floats(timesteps)[i]);
                }
            }
            return Optional.empty();
        }

        private double imageLoss(Tensor prediction, Tensor factors) {
            return TensorScope.compute(() -> settings.lossType()
                    .elementwise(prediction, target)
                    .mean(1, 2, 3)
                    .mul(factors)
                    .mean()
                    .item_float());
        }

        @Override
        public Map<String, Double> tracked() {
            return tracked;
        }
    }
}
