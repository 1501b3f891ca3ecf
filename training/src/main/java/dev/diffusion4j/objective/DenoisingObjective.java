// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.objective;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.PromptWords;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.Arrays;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Device;
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
    private final LossType lossType;
    private final LossWeighting weighting;
    private final ContextDrop drop;
    private final int epochs;
    private final boolean trackImageLoss;

    /** @param model borrowed */
    public DenoisingObjective(DiffusionModel model, Scheduler scheduler, LossType lossType, LossWeighting weighting) {
        this(model, scheduler, lossType, weighting, ContextDrop.NONE, 1, false);
    }

    /**
     * @param model borrowed; where {@code drop} is active, one that can drop its condition
     * @param drop how often a picture's condition is dropped
     * @param epochs of the whole run, for the schedule of {@code drop}
     * @param trackImageLoss whether {@link Objective.Task#tracked()} holds {@link #IMAGE_LOSS}; not for {@link LossType#HUBER}
     */
    public DenoisingObjective(
            DiffusionModel model,
            Scheduler scheduler,
            LossType lossType,
            LossWeighting weighting,
            ContextDrop drop,
            int epochs,
            boolean trackImageLoss) {
        Check.that(
                !drop.isActive() || model.canDropContext(),
                "a " + model.modelClass().name() + " always needs its condition, so that there is nothing to drop");
        this.trackImageLoss = trackImageLoss;
        this.model = model;
        this.scheduler = scheduler;
        this.lossType = lossType;
        this.weighting = weighting;
        this.drop = drop;
        this.epochs = epochs;
    }

    @Override
    public Model model() {
        return model;
    }

    @Override
    public Map<String, Double> scalars(int epoch) {
        return drop.isActive() ? Map.of("context_drop", drop.at(epoch, epochs)) : Map.of();
    }

    @Override
    public Task draw(TrainingExamples examples, RandomStream random) {
        Tensor images = scheduler.sampleRange().fromSigned(examples.images());
        Tensor noise = scheduler.noise(random.randn(Tensors.shape(images)));
        double[] timesteps = timesteps(examples.size(), random);
        double[] weights = Arrays.stream(timesteps)
                .map(timestep -> weighting.weight(scheduler.snr(timestep), scheduler.predictionType()))
                .toArray();
        double dropped = drop.at(examples.epoch(), epochs);
        Tensor keep = dropped == 0 ? null : ContextDrop.drawKeep(random, examples.size(), dropped);
        return new Denoising(
                scheduler.scaleModelInput(scheduler.addNoise(images, noise, timesteps), timesteps),
                Tensors.ofDoubles(
                        Arrays.stream(timesteps).map(scheduler::networkTime).toArray()),
                scheduler.trainingTarget(images, noise, timesteps),
                told(examples),
                keep,
                weighting == LossWeighting.UNIFORM ? null : Tensors.ofDoubles(weights),
                trackImageLoss ? imageFactors(timesteps) : null);
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
                    return lossType == LossType.MSE ? ratio * ratio : ratio;
                })
                .toArray());
    }

    /** Classes {@code int64 (B)} or the words of captions {@code int64 (B, L)}, as the network is told; {@code null} for nothing. */
    private @Nullable Tensor told(TrainingExamples examples) {
        if (model.prompts().isEmpty()) {
            return model.numClasses() > 0 ? examples.labels() : null;
        }
        PromptWords words = model.prompts().get();
        long[] tokens = examples.captions().stream()
                .map(words::encodeCaption)
                .flatMapToLong(Arrays::stream)
                .toArray();
        return Tensors.ofLongs(tokens).view(examples.size(), -1);
    }

    /** Noisy pictures and what is to be predicted for them. */
    private final class Denoising implements Task {
        private final Tensor noisy;
        private final Tensor timesteps;
        private final Tensor target;
        private final @Nullable Tensor labels;
        private final @Nullable Tensor keep;
        private final @Nullable Tensor weights;
        private final @Nullable Tensor imageFactors;
        private Map<String, Double> tracked = Map.of();

        Denoising(
                Tensor noisy,
                Tensor timesteps,
                Tensor target,
                @Nullable Tensor labels,
                @Nullable Tensor keep,
                @Nullable Tensor weights,
                @Nullable Tensor imageFactors) {
            this.imageFactors = imageFactors;
            this.noisy = noisy;
            this.timesteps = timesteps;
            this.target = target;
            this.labels = labels;
            this.keep = keep;
            this.weights = weights;
        }

        @Override
        public long size() {
            return noisy.size(0);
        }

        @Override
        public Task slice(long start, long count) {
            return each(tensor -> tensor.narrow(0, start, count));
        }

        @Override
        public Task to(Device device) {
            return each(tensor -> tensor.to(device, Tensors.type(tensor)));
        }

        private Task each(UnaryOperator<Tensor> change) {
            return new Denoising(
                    change.apply(noisy),
                    change.apply(timesteps),
                    change.apply(target),
                    labels == null ? null : change.apply(labels),
                    keep == null ? null : change.apply(keep),
                    weights == null ? null : change.apply(weights),
                    imageFactors == null ? null : change.apply(imageFactors));
        }

        @Override
        public Tensor loss() {
            return TensorScope.keepResult(() -> {
                Conditioning conditioning = labels == null
                        ? Conditioning.NONE
                        : Conditioning.ofClasses(labels).withKeep(keep);
                Tensor prediction =
                        model.forward(noisy, timesteps, conditioning).to(ScalarType.Float);
                if (imageFactors != null) {
                    tracked = Map.of(IMAGE_LOSS, imageLoss(prediction.detach(), imageFactors));
                }
                if (weights == null) {
                    return lossType.mean(prediction, target);
                }
                return lossType.elementwise(prediction, target)
                        .mean(1, 2, 3)
                        .mul(weights)
                        .mean();
            });
        }

        private double imageLoss(Tensor prediction, Tensor factors) {
            return TensorScope.compute(() -> lossType.elementwise(prediction, target)
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
