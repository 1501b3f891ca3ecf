// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples;

import static org.bytedeco.pytorch.global.torch.pixel_shuffle;
import static org.bytedeco.pytorch.global.torch.pixel_unshuffle;

import dev.diffusion4j.codec.Moments;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.condition.Conditioners;
import dev.diffusion4j.data.DataConfig;
import dev.diffusion4j.data.SourceOptions;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.data.loader.BatchLoader;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.ModelKind;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.objective.DenoisingObjective;
import dev.diffusion4j.objective.DenoisingSettings;
import dev.diffusion4j.objective.LossType;
import dev.diffusion4j.objective.LossWeighting;
import dev.diffusion4j.objective.TrainingExamples;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.trainer.AdamConfig;
import dev.diffusion4j.trainer.AdamOptimizer;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * Samples of your own: each 2×2 pixels become four channels of one pixel, so that the network works on a quarter of the places and
 * nothing is lost.
 */
public final class YourOwnCodec implements SampleCodec {
    private static final int SIDE = 2;

    @Override
    public long[] shape(SampleSize size) {
        return new long[] {SIDE * SIDE, size.height() / SIDE, size.width() / SIDE};
    }

    @Override
    public int pictureChannels() {
        return 1;
    }

    @Override
    public int scaleFactor() {
        return SIDE;
    }

    @Override
    public Moments moments(Tensor pictures) {
        return Moments.exact(pixel_unshuffle(pictures, SIDE));
    }

    @Override
    public Tensor decode(Tensor samples) {
        return pixel_shuffle(samples, SIDE);
    }

    /** Learns digits of 28×28 pixels as samples of (4, 14, 14); draw with {@code withCodec}. */
    static DiffusionPipeline train(int steps) {
        Scheduler scheduler = SchedulerKind.DDPM.create(Map.of());
        DiffusionModel model = (DiffusionModel) ModelKind.UNET_2D.create(Map.of(
                "sample_size", 14,
                "in_channels", 4,
                "out_channels", 4,
                "layers_per_block", 1,
                "norm_num_groups", 8,
                "block_out_channels", List.of(16, 32),
                "down_block_types", List.of("DownBlock2D", "DownBlock2D"),
                "up_block_types", List.of("UpBlock2D", "UpBlock2D")));
        DenoisingObjective objective = new DenoisingObjective(
                model,
                scheduler,
                Conditioners.of(model),
                new YourOwnCodec(),
                DenoisingSettings.of(LossType.MSE, LossWeighting.UNIFORM));
        try (TrainingData digits = TrainingData.open(DataConfig.DEFAULT, SourceOptions.defaults());
                BatchLoader loader = digits.loader(16, 0, 0);
                RandomStream random = new RandomStream(0)) {
            model.initialize(random);
            model.requiresGrad(true);
            try (AdamOptimizer optimizer = new AdamOptimizer(model.namedParameters(), AdamConfig.DEFAULT)) {
                for (int step = 0; step < steps; step++) {
                    TensorScope.run(() -> {
                        var batch = loader.next();
                        var examples = new TrainingExamples(batch.images(), batch.labelTensor(), batch.captions(), 0);
                        objective.draw(examples, random).loss().backward();
                    });
                    optimizer.step(1e-3, 1);
                    optimizer.clearGradients();
                }
            }
        }
        model.requiresGrad(false);
        return DiffusionPipeline.of(model, scheduler);
    }
}
