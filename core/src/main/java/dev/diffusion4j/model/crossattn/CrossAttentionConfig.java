// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.crossattn;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.model.SampleSize;
import java.util.List;

/**
 * The config of a {@link CrossAttentionUnet}; the defaults are the lesson's.
 *
 * @param sampleSize height and width
 * @param inChannels 1 or 3
 * @param blockOutChannels from the full size down
 * @param timeEmbedDim features of the time
 * @param numClasses rows of the table that a class number is looked up in; 0 for a network that is given words
 * @param contextDim D, numbers of a token
 * @param qSize width of questions and keys
 * @param vSize width of answers
 * @param fSize width within the feed-forward layer
 * @param maxTokens L: words of a prompt that are read; 0 for a network that is given classes
 * @param words that it knows
 */
public record CrossAttentionConfig(
        SampleSize sampleSize,
        int inChannels,
        List<Integer> blockOutChannels,
        int timeEmbedDim,
        int numClasses,
        int contextDim,
        int qSize,
        int vSize,
        int fSize,
        int maxTokens,
        List<String> words) {
    public static final CrossAttentionConfig DEFAULT = new CrossAttentionConfig(
            SampleSize.square(48), 1, List.of(64, 128, 256, 512, 1024), 256, 10, 32, 16, 16, 32, 0, List.of());

    public CrossAttentionConfig {
        blockOutChannels = List.copyOf(blockOutChannels);
        Check.inRange(inChannels, 1, 4096, "in_channels");
        Check.that(blockOutChannels.size() >= 2, "block_out_channels must be at least two numbers");
        Check.that(
                blockOutChannels.size() <= 12,
                "block_out_channels must be at most twelve numbers, but there are " + blockOutChannels.size());
        for (int i = 0; i < blockOutChannels.size(); i++) {
            Check.inRange(blockOutChannels.get(i), 1, 1 << 16, "block_out_channels");
            Check.that(
                    i == 0 || blockOutChannels.get(i) == 2 * blockOutChannels.get(i - 1),
                    "block_out_channels must double from one to the next, but are " + blockOutChannels);
        }
        Check.inRange(timeEmbedDim, 4, 1 << 16, "time_embed_dim");
        Check.that(timeEmbedDim % 2 == 0, "time_embed_dim must be even, but was " + timeEmbedDim);
        Check.inRange(numClasses, 0, 1_000_000, "num_classes");
        Check.inRange(maxTokens, 0, 1 << 12, "max_tokens");
        words = List.copyOf(words);
        Check.that(words.size() <= 1_000_000, "words must be at most a million");
        Check.that(
                numClasses > 0 || maxTokens > 0,
                "either num_classes or max_tokens must be > 0, since the network needs a class or words");
        Check.inRange(contextDim, 1, 1 << 16, "context_dim");
        Check.inRange(qSize, 1, 1 << 16, "q_size");
        Check.inRange(vSize, 1, 1 << 16, "v_size");
        Check.inRange(fSize, 1, 1 << 16, "f_size");
    }

    int levels() {
        return blockOutChannels.size();
    }
}
