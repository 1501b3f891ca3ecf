// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.unetlab;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.model.SampleSize;
import java.util.List;

/**
 * The config of a {@link LabUnet}; the defaults are the lab's.
 *
 * @param sampleSize height and width; the network is made for this size and no other
 * @param inChannels 1 or 3
 * @param blockOutChannels of the first block and of the two that halve the size
 * @param timeEmbedDim features of the time before its two embeddings; even
 * @param contextDim numbers of the context: how many classes
 * @param denseDim width of the bottleneck
 * @param smallGroups groups of the first and last normalisation
 * @param bigGroups groups of the others
 * @param numTrainTimesteps by which the timestep is divided
 */
public record LabUnetConfig(
        SampleSize sampleSize,
        int inChannels,
        List<Integer> blockOutChannels,
        int timeEmbedDim,
        int contextDim,
        int denseDim,
        int smallGroups,
        int bigGroups,
        int numTrainTimesteps) {
    public static final LabUnetConfig DEFAULT =
            new LabUnetConfig(SampleSize.square(28), 1, List.of(64, 64, 128), 8, 10, 64, 8, 32, 150);

    public LabUnetConfig {
        blockOutChannels = List.copyOf(blockOutChannels);
        Check.that(
                sampleSize.height() % 4 == 0 && sampleSize.width() % 4 == 0,
                "sample_size must be a multiple of 4, but was " + sampleSize.text());
        Check.inRange(inChannels, 1, 4096, "in_channels");
        Check.that(
                blockOutChannels.size() == 3,
                "block_out_channels must be three numbers, but there are " + blockOutChannels.size());
        blockOutChannels.forEach(channels -> Check.inRange(channels, 1, 1 << 16, "block_out_channels"));
        Check.inRange(timeEmbedDim, 4, 1 << 16, "time_embed_dim");
        Check.that(timeEmbedDim % 2 == 0, "time_embed_dim must be even, but was " + timeEmbedDim);
        Check.inRange(contextDim, 1, 1_000_000, "context_dim");
        Check.inRange(denseDim, 1, 1 << 20, "dense_dim");
        Check.positive(smallGroups, "small_groups");
        Check.positive(bigGroups, "big_groups");
        Check.positive(numTrainTimesteps, "num_train_timesteps");
    }

    int channels(int level) {
        return blockOutChannels.get(level);
    }

    /** Numbers of a picture at the lowest level. */
    long latentFeatures() {
        return (long) channels(2) * (sampleSize.height() / 4) * (sampleSize.width() / 4);
    }
}
