// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.clip;

import static org.bytedeco.pytorch.global.torch.cat;
import static org.bytedeco.pytorch.global.torch.conv2d;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.layer.Embedding;
import dev.diffusion4j.layer.Layer;
import dev.diffusion4j.layer.LayerNorm;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;

/** A picture to the state that stands for it: patches as tokens, Dosovitskiy et al. (2021). */
public final class ClipVisionTower extends Layer {
    private static final long[] NO_PADDING = {0, 0};
    private static final long[] NO_DILATION = {1, 1};

    private final ClipVisionConfig config;
    private final Tensor wholePicture;
    private final Tensor patches;
    private final Embedding positions;
    private final LayerNorm normBefore;
    private final List<ClipBlock> blocks;
    private final LayerNorm normAfter;

    ClipVisionTower(ClipVisionConfig config) {
        this.config = config;
        wholePicture = parameter("embeddings.class_embedding", config.hiddenSize());
        patches = parameter(
                "embeddings.patch_embedding.weight",
                config.hiddenSize(),
                config.numChannels(),
                config.patchSize(),
                config.patchSize());
        positions = child("embeddings.position_embedding", new Embedding(config.positions(), config.hiddenSize()));
        normBefore = child("pre_layrnorm", new LayerNorm(config.hiddenSize(), config.layerNormEps())); // its name, sic
        ClipBlock.Spread spread =
                ClipBlock.Spread.of(config.hiddenSize(), config.numHiddenLayers(), config.initializerFactor());
        List<ClipBlock> made = new ArrayList<>();
        for (int i = 0; i < config.numHiddenLayers(); i++) {
            made.add(new ClipBlock(
                    config.hiddenSize(),
                    config.intermediateSize(),
                    config.numAttentionHeads(),
                    false,
                    config.hiddenAct(),
                    config.layerNormEps(),
                    spread));
        }
        blocks = children("encoder.layers", made);
        normAfter = child("post_layernorm", new LayerNorm(config.hiddenSize(), config.layerNormEps()));
    }

    /**
     * @param pixels (B, C, imageSize, imageSize), normalised
     * @return (B, D), a new tensor
     */
    Tensor pooled(Tensor pixels) {
        Check.that(
                pixels.size(2) == config.imageSize() && pixels.size(3) == config.imageSize(),
                "a picture is " + pixels.size(3) + "x" + pixels.size(2) + ", this network takes " + config.imageSize()
                        + "x" + config.imageSize());
        return TensorScope.keepResult(() -> {
            long[] stride = {config.patchSize(), config.patchSize()};
            Tensor grid = conv2d(pixels, widened(patches), new TensorOptional(), stride, NO_PADDING, NO_DILATION, 1);
            Tensor flat = grid.flatten(2, 3).transpose(1, 2);
            Tensor first = wholePicture.expand(pixels.size(0), 1, config.hiddenSize());
            Tensor states =
                    normBefore.forward(cat(new TensorVector(first, flat), 1).add(positions.weight()));
            for (ClipBlock block : blocks) {
                states = block.forward(states);
            }
            return normAfter.forward(states.select(1, 0));
        });
    }

    @Override
    protected void initializeAfterParts(RandomStream random) {
        double range = config.initializerRange() * config.initializerFactor();
        random.normal(wholePicture, 0, config.initializerFactor() / Math.sqrt((double) config.hiddenSize()));
        random.normal(patches, 0, range);
        random.normal(positions.weight(), 0, range);
    }
}
