// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.resunet;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.model.SampleSize;
import java.util.List;

/**
 * The config of a {@link ResidualUnet}; the defaults are the lesson's.
 *
 * @param sampleSize height and width
 * @param inChannels 1 or 3
 * @param blockOutChannels of each level, the last without halving
 * @param layersPerBlock residual blocks of a level
 * @param embeddingDim numbers that the noise variance becomes; even
 * @param embeddingMaxFrequency the highest frequency; the lowest is 1
 */
public record ResidualUnetConfig(
        SampleSize sampleSize,
        int inChannels,
        List<Integer> blockOutChannels,
        int layersPerBlock,
        int embeddingDim,
        double embeddingMaxFrequency) {
    public static final ResidualUnetConfig DEFAULT =
            new ResidualUnetConfig(SampleSize.square(64), 3, List.of(32, 64, 96, 128), 2, 32, 1000);

    public ResidualUnetConfig {
        blockOutChannels = List.copyOf(blockOutChannels);
        Check.inRange(inChannels, 1, 4096, "in_channels");
        Check.that(
                blockOutChannels.size() >= 2 && blockOutChannels.size() <= 12,
                "block_out_channels must be two to twelve numbers, but there are " + blockOutChannels.size());
        blockOutChannels.forEach(channels -> Check.inRange(channels, 1, 1 << 16, "block_out_channels"));
        Check.inRange(layersPerBlock, 1, 64, "layers_per_block");
        Check.inRange(embeddingDim, 4, 1 << 16, "embedding_dim");
        Check.that(embeddingDim % 2 == 0, "embedding_dim must be even, but was " + embeddingDim);
        Check.that(
                embeddingMaxFrequency >= 1, "embedding_max_frequency must be >= 1, but was " + embeddingMaxFrequency);
    }

    /** How often the size is halved. */
    int halvings() {
        return blockOutChannels.size() - 1;
    }
}
