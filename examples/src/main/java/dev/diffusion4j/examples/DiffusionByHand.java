// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples;

import dev.diffusion4j.data.DataConfig;
import dev.diffusion4j.data.SourceOptions;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.data.loader.BatchLoader;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.ModelKind;
import dev.diffusion4j.model.unet2d.UNet2DModel;
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
import org.bytedeco.pytorch.global.torch;

/** Ho et al. (2020), algorithm 1, without the trainer: draw a timestep and noise, add it, predict it, step down. */
public final class DiffusionByHand {
    private static final int BATCH = 16;

    private DiffusionByHand() {}

    /** {@code DiffusionByHand [STEPS]}. */
    public static void main(String[] args) {
        run(args.length > 0 ? Integer.parseInt(args[0]) : 200);
    }

    /** The last loss. */
    static double run(int steps) {
        double loss = Double.NaN;
        Scheduler scheduler = SchedulerKind.DDPM.create(Map.of("beta_schedule", "squaredcos_cap_v2"));
        try (TrainingData digits = TrainingData.open(DataConfig.DEFAULT, SourceOptions.defaults());
                BatchLoader loader = digits.loader(BATCH, 0, 0);
                RandomStream random = new RandomStream(0);
                UNet2DModel model = network(random);
                AdamOptimizer optimizer = new AdamOptimizer(model.namedParameters(), AdamConfig.DEFAULT)) {
            for (int step = 1; step <= steps; step++) {
                loss = TensorScope.compute(
                        () -> backward(model, scheduler, loader.next().images(), random));
                optimizer.step(1e-3, 1);
                optimizer.clearGradients();
                System.out.printf("step %d: loss %.4f%n", step, loss);
            }
        }
        return loss;
    }

    private static UNet2DModel network(RandomStream random) {
        UNet2DModel model = (UNet2DModel) ModelKind.UNET_2D.create(Map.of(
                "sample_size", 28,
                "in_channels", 1,
                "out_channels", 1,
                "layers_per_block", 1,
                "norm_num_groups", 8,
                "block_out_channels", List.of(16, 32),
                "down_block_types", List.of("DownBlock2D", "AttnDownBlock2D"),
                "up_block_types", List.of("AttnUpBlock2D", "UpBlock2D")));
        model.initialize(random);
        model.requiresGrad(true);
        return model;
    }

    private static double backward(UNet2DModel model, Scheduler scheduler, Tensor images, RandomStream random) {
        Tensor noise = random.randn(Tensors.shape(images));
        double[] timesteps = new double[BATCH];
        long[] drawn = Tensors.longs(random.randint(scheduler.numTrainTimesteps(), BATCH));
        for (int i = 0; i < BATCH; i++) {
            timesteps[i] = drawn[i];
        }
        Tensor noisy = scheduler.addNoise(images, noise, timesteps);
        Tensor predicted = model.forward(noisy, Tensors.ofDoubles(timesteps), Conditioning.NONE);
        Tensor loss = torch.mse_loss(predicted, noise);
        loss.backward();
        return loss.item_float();
    }
}
