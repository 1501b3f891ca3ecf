// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.codec.Moments;
import dev.diffusion4j.codec.VaeCodec;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.data.loader.Batch;
import dev.diffusion4j.data.loader.BatchLoader;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.ModelRole;
import dev.diffusion4j.model.autoencoder.AutoencoderKl;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The factor that brings an autoencoder's latents to a deviation of 1: Rombach et al. (2022), appendix G. It is measured on the pictures that
 * the network learns from.
 *
 * @param autoencoder borrowed, as the data is
 * @param pictures how many, the first in the order of the data
 */
record MeasuredScale(AutoencoderKl autoencoder, TrainingData data, int pictures) {
    private static final int BATCH = 16;

    /** {@code null} where the recipe does not ask for it. */
    static @Nullable MeasuredScale of(Recipe recipe, Object model, TrainingData data) {
        int pictures = recipe.objective().autoencoder().scalePictures();
        return pictures > 0 && model instanceof AutoencoderKl autoencoder
                ? new MeasuredScale(autoencoder, data, pictures)
                : null;
    }

    /** Writes it into the config of the network that was saved to a folder. */
    void writeInto(Path folder) {
        Path file = folder.resolve(ModelRole.AUTOENCODER.component()).resolve("config.json");
        Map<String, @Nullable Object> config = new java.util.LinkedHashMap<>(Json.readObject(file));
        config.put("scaling_factor", factor());
        AtomicFile.write(file, Json.pretty(config));
    }

    /** 1 / the deviation of samples of the latents' distributions, of all their numbers together. */
    double factor() {
        double own = autoencoder.typedConfig().scalingFactor();
        double[] sums = new double[3];
        try (BatchLoader loader = data.inOrder(BATCH);
                RandomStream random = new RandomStream(0)) {
            int count = (Math.min(pictures, data.dataset().size()) - 1) / BATCH + 1;
            for (int i = 0; i < Math.min(count, loader.batchesPerEpoch()); i++) {
                add(loader.next(), random, sums);
            }
        }
        double mean = sums[1] / sums[0];
        double deviation = Math.sqrt(sums[2] / sums[0] - mean * mean) / own;
        if (!(deviation > 0 && Double.isFinite(deviation))) {
            throw Problem.failure(
                    "the latents of the data's pictures are all the same, so that no scaling_factor brings"
                            + " them to a deviation of 1: train the autoencoder longer, or set"
                            + " objective.autoencoder.scale_pictures to 0");
        }
        return 1 / deviation;
    }

    /** Number, sum, and sum of squares. */
    private void add(Batch batch, RandomStream random, double[] sums) {
        TensorScope.run(() -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                Moments moments = new VaeCodec(autoencoder).moments(batch.images());
                Tensor sample = moments.sample(random);
                for (float value : Tensors.floats(sample)) {
                    sums[0]++;
                    sums[1] += value;
                    sums[2] += (double) value * value;
                }
            }
        });
    }
}
