// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples;

import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.Example;
import dev.diffusion4j.data.PixelImage;
import dev.diffusion4j.recipe.Recipe;
import dev.diffusion4j.recipe.RunListener;
import dev.diffusion4j.recipe.RunSummary;
import dev.diffusion4j.recipe.TrainingRun;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Your own pictures, from anywhere a Java program can reach: colours that fade into each other, for example. */
public final class YourOwnData implements Dataset {
    private static final int SIDE = 16;

    @Override
    public String description() {
        return "gradients";
    }

    @Override
    public int size() {
        return 4096;
    }

    @Override
    public int channels() {
        return 3;
    }

    @Override
    public int naturalSize() {
        return SIDE;
    }

    @Override
    public List<String> classNames() {
        return List.of(); // names here, and labels in the examples, make a data set with classes
    }

    @Override
    public Example example(int index) {
        byte[] pixels = new byte[SIDE * SIDE * 3];
        double angle = index * 2.399963; // the golden angle: neighbours differ
        for (int i = 0; i < pixels.length; i++) {
            int x = i / 3 % SIDE;
            int y = i / 3 / SIDE;
            double along = (x * Math.cos(angle) + y * Math.sin(angle)) / SIDE;
            pixels[i] = (byte) (127.5 + 127.5 * Math.sin(3 * along + i % 3 + 0.1 * index));
        }
        return new Example(new PixelImage(SIDE, SIDE, 3, pixels), -1, null);
    }

    @Override
    public String fingerprint() {
        return Hashes.sha256("gradients 1"); // another one for other pixels
    }

    /** {@code YourOwnData RUN_FOLDER [STEPS]}. */
    public static void main(String[] args) {
        run(Path.of(args[0]), args.length > 1 ? Integer.parseInt(args[1]) : 300);
    }

    static RunSummary run(Path folder, int steps) {
        Map<String, Object> network = Map.of(
                "block_out_channels", List.of(16, 32),
                "norm_num_groups", 8,
                "layers_per_block", 1,
                "down_block_types", List.of("DownBlock2D", "DownBlock2D"),
                "up_block_types", List.of("UpBlock2D", "UpBlock2D"));
        Recipe recipe = Recipe.DEFAULT.with(changed -> {
            changed.model.config = network;
            changed.training.maxSteps = steps;
            changed.training.batchSize = 16;
        });
        return TrainingRun.start(recipe, folder, YourOwnData::new).run(new RunListener() {}, () -> false);
    }
}
