// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.codec.VaeCodec;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.data.loader.BatchLoader;
import dev.diffusion4j.image.ImageGrid;
import dev.diffusion4j.image.Images;
import dev.diffusion4j.model.autoencoder.AutoencoderKl;
import dev.diffusion4j.tensor.TensorScope;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/** The data's first pictures, row by row, each row above what the autoencoder makes of it. */
final class Reconstructions implements Previews {
    private final SamplesConfig config;
    private final AutoencoderKl network;
    private final TrainingData data;

    /** @param network borrowed, as is the data */
    Reconstructions(SamplesConfig config, AutoencoderKl network, TrainingData data) {
        this.config = config;
        this.network = network;
        this.data = data;
    }

    @Override
    public BufferedImage draw(BooleanSupplier stop) {
        int count = Math.min(config.count(), data.dataset().size());
        try (BatchLoader loader = data.inOrder(count);
                NoGradGuard guard = new NoGradGuard()) {
            List<BufferedImage> all = TensorScope.compute(() -> {
                Tensor pictures = loader.next().images();
                Tensor seen = new VaeCodec(network).reconstruct(pictures);
                return rows(Images.fromSamples(pictures), Images.fromSamples(seen));
            });
            return ImageGrid.of(all, config.perRow());
        }
    }

    private List<BufferedImage> rows(List<BufferedImage> pictures, List<BufferedImage> seen) {
        List<BufferedImage> all = new ArrayList<>();
        int row = Math.min(config.perRow(), pictures.size());
        for (int first = 0;
                first + row <= pictures.size();
                first += row) { // a last row that is not full would not stand below its own
            all.addAll(pictures.subList(first, first + row));
            all.addAll(seen.subList(first, first + row));
        }
        return all;
    }
}
