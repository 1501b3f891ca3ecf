// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples;

import static org.bytedeco.pytorch.global.torch.pixel_shuffle;
import static org.bytedeco.pytorch.global.torch.pixel_unshuffle;

import dev.diffusion4j.codec.Moments;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.recipe.Recipe;
import dev.diffusion4j.recipe.RunListener;
import dev.diffusion4j.recipe.RunParts;
import dev.diffusion4j.recipe.RunSummary;
import dev.diffusion4j.recipe.TrainingRun;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
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

    /** Learns digits of 28×28 pixels as samples of (4, 14, 14), or goes on where a training was stopped; draw with {@code withCodec}. */
    static RunSummary train(Path folder, int steps, BooleanSupplier stop) {
        Recipe recipe = Recipe.DEFAULT.with(changed -> {
            changed.model.config = Map.of(
                    "layers_per_block", 1,
                    "norm_num_groups", 8,
                    "block_out_channels", List.of(16, 32),
                    "down_block_types", List.of("DownBlock2D", "DownBlock2D"),
                    "up_block_types", List.of("UpBlock2D", "UpBlock2D"));
            changed.training.maxSteps = steps;
            changed.training.batchSize = 16;
        });
        return TrainingRun.startOrResume(recipe, folder, RunParts.NONE.withCodec(YourOwnCodec::new))
                .run(new RunListener() {}, stop);
    }
}
