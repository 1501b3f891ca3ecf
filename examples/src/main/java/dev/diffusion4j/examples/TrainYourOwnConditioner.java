// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples;

import dev.diffusion4j.codec.PixelCodec;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.ModelKind;
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
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.trainer.AdamConfig;
import dev.diffusion4j.trainer.AdamOptimizer;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** Trains and draws with {@link YourOwnConditioner}: a U-Net learns plain pictures of three colours. */
public final class TrainYourOwnConditioner {
    private TrainYourOwnConditioner() {}

    /** Draw with {@code withConditioner} and {@code prompt("red")}. */
    static DiffusionPipeline run(int steps) {
        Scheduler scheduler = SchedulerKind.DDIM.create(Map.of("prediction_type", "sample"));
        DiffusionModel model = network();
        DenoisingSettings settings = DenoisingSettings.of(LossType.MSE, LossWeighting.UNIFORM);
        DenoisingObjective objective =
                new DenoisingObjective(model, scheduler, new YourOwnConditioner(), PixelCodec.signed(3), settings);
        List<String> names = List.of("red", "green", "blue");
        try (RandomStream random = new RandomStream(0);
                AdamOptimizer optimizer = new AdamOptimizer(model.namedParameters(), AdamConfig.DEFAULT)) {
            model.initialize(random);
            for (int step = 0; step < steps; step++) {
                TensorScope.run(() -> {
                    Tensor pictures = YourOwnConditioner.numbers(names.stream(), 3)
                            .view(3, 3, 1, 1)
                            .expand(3, 3, 8, 8);
                    var examples = new TrainingExamples(pictures, Tensors.ofLongs(-1, -1, -1), names, 0);
                    objective.draw(examples, random).loss().backward();
                });
                optimizer.step(3e-3, 1);
                optimizer.clearGradients();
            }
        }
        model.requiresGrad(false);
        return DiffusionPipeline.of(model, scheduler);
    }

    private static DiffusionModel network() {
        DiffusionModel model = (DiffusionModel) ModelKind.UNET_2D.create(Map.of(
                "sample_size",
                8,
                "class_embed_type",
                "identity",
                "time_embedding_dim",
                4,
                "layers_per_block",
                1,
                "norm_num_groups",
                4,
                "block_out_channels",
                List.of(16),
                "down_block_types",
                List.of("DownBlock2D"),
                "up_block_types",
                List.of("UpBlock2D")));
        model.requiresGrad(true);
        return model;
    }
}
