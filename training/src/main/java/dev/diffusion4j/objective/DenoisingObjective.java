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
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * Learn to undo noise: a timestep and noise are drawn for each picture, the noise is added, the network predicts what the
 * scheduler's prediction type asks for. Ho et al. (2020), algorithm 1.
 */
public final class DenoisingObjective implements Objective {
    private final DiffusionModel model;
    private final Scheduler scheduler;
    private final LossType lossType;
    private final LossWeighting weighting;
    private final ContextDrop drop;
    private final int epochs;

    /** @param model borrowed */
    public DenoisingObjective(DiffusionModel model, Scheduler scheduler, LossType lossType, LossWeighting weighting) {
        this(model, scheduler, lossType, weighting, ContextDrop.NONE, 1);
    }

    /**
     * @param model borrowed; where {@code drop} is active, one that can drop its condition
     * @param drop how often a picture's condition is dropped
     * @param epochs of the whole run, for the schedule of {@code drop}
     */
    public DenoisingObjective(
            DiffusionModel model,
            Scheduler scheduler,
            LossType lossType,
            LossWeighting weighting,
            ContextDrop drop,
            int epochs) {
        Check.that(
                !drop.isActive() || model.canDropContext(),
                "a " + model.kind().key() + " always needs its condition, so that there is nothing to drop");
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
        long[] drawn = Tensors.longs(random.randint(scheduler.numTrainTimesteps(), examples.size()));
        double[] timesteps = new double[drawn.length];
        double[] weights = new double[drawn.length];
        for (int i = 0; i < drawn.length; i++) {
            timesteps[i] = scheduler.trainTimestep((int) drawn[i]);
            weights[i] = weighting.weight(scheduler.snr(timesteps[i]), scheduler.predictionType());
        }
        double dropped = drop.at(examples.epoch(), epochs);
        Tensor keep = dropped == 0 ? null : ContextDrop.drawKeep(random, examples.size(), dropped);
        return new Denoising(
                scheduler.scaleModelInput(scheduler.addNoise(images, noise, timesteps), timesteps),
                Tensors.ofDoubles(
                        Arrays.stream(timesteps).map(scheduler::networkTime).toArray()),
                scheduler.trainingTarget(images, noise, timesteps),
                told(examples),
                keep,
                weighting == LossWeighting.UNIFORM ? null : Tensors.ofDoubles(weights));
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

        Denoising(
                Tensor noisy,
                Tensor timesteps,
                Tensor target,
                @Nullable Tensor labels,
                @Nullable Tensor keep,
                @Nullable Tensor weights) {
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
            return new Denoising(
                    noisy.narrow(0, start, count),
                    timesteps.narrow(0, start, count),
                    target.narrow(0, start, count),
                    labels == null ? null : labels.narrow(0, start, count),
                    keep == null ? null : keep.narrow(0, start, count),
                    weights == null ? null : weights.narrow(0, start, count));
        }

        @Override
        public Tensor loss() {
            return TensorScope.keepResult(() -> {
                Conditioning conditioning = labels == null
                        ? Conditioning.NONE
                        : Conditioning.ofClasses(labels).withKeep(keep);
                Tensor prediction =
                        model.forward(noisy, timesteps, conditioning).to(ScalarType.Float);
                if (weights == null) {
                    return lossType.mean(prediction, target);
                }
                return lossType.elementwise(prediction, target)
                        .mean(1, 2, 3)
                        .mul(weights)
                        .mean();
            });
        }
    }
}
