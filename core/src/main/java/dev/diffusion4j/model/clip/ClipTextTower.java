// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.clip;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.layer.Embedding;
import dev.diffusion4j.layer.Layer;
import dev.diffusion4j.layer.LayerNorm;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Tokens to states, and the state that stands for the text. */
public final class ClipTextTower extends Layer {
    private static final double TOKEN_DEVIATION = 0.02;

    /** What {@code eos_token_id} is in files from before transformers 4.30; their authors meant the highest id. */
    private static final int OLD_EOS = 2;

    private final ClipTextConfig config;
    private final Embedding tokens;
    private final Embedding positions;
    private final List<ClipBlock> blocks;
    private final LayerNorm finalNorm;

    ClipTextTower(ClipTextConfig config) {
        this.config = config;
        tokens = child("embeddings.token_embedding", new Embedding(config.vocabSize(), config.hiddenSize()));
        positions = child(
                "embeddings.position_embedding", new Embedding(config.maxPositionEmbeddings(), config.hiddenSize()));
        ClipBlock.Spread spread =
                ClipBlock.Spread.of(config.hiddenSize(), config.numHiddenLayers(), config.initializerFactor());
        List<ClipBlock> made = new ArrayList<>();
        for (int i = 0; i < config.numHiddenLayers(); i++) {
            made.add(new ClipBlock(
                    config.hiddenSize(),
                    config.intermediateSize(),
                    config.numAttentionHeads(),
                    true,
                    config.hiddenAct(),
                    config.layerNormEps(),
                    spread));
        }
        blocks = children("encoder.layers", made);
        finalNorm = child("final_layer_norm", new LayerNorm(config.hiddenSize(), config.layerNormEps()));
    }

    /**
     * @param ids {@code int64 (B, L)}, L ≤ the longest text
     * @return the last states after the final norm, (B, L, D), a new tensor
     */
    public Tensor states(Tensor ids) {
        return TensorScope.keepResult(() -> {
            List<Tensor> hidden = hidden(ids, ExtraTokens.NONE, blocks.size());
            return normed(hidden.get(blocks.size()));
        });
    }

    /**
     * The states before the first block and after each, before the final norm.
     *
     * @param ids {@code int64 (B, L)} on any device, L ≤ the longest text
     * @param extra tokens that the network itself has no row for
     * @param depth how many blocks are run
     * @return {@code depth} + 1 of (B, L, D), new tensors owned by the current scope
     */
    List<Tensor> hidden(Tensor ids, ExtraTokens extra, int depth) {
        Check.that(
                ids.size(1) <= config.maxPositionEmbeddings(),
                "a text has " + ids.size(1) + " tokens, at most " + config.maxPositionEmbeddings() + " are possible");
        return TensorScope.keepAll(
                () -> {
                    Tensor own = ids.to(tokens.weight().device(), ScalarType.Long);
                    Tensor places = torch.arange(new Scalar(ids.size(1)), own.options());
                    List<Tensor> states = new ArrayList<>();
                    states.add(extra.embed(own, tokens).add(positions.forward(places)));
                    for (ClipBlock block : blocks.subList(0, depth)) {
                        states.add(block.forward(states.get(states.size() - 1)));
                    }
                    return states;
                },
                states -> states);
    }

    /** The tokens' rows without their places, (n, D), a new tensor. */
    Tensor rows(List<Integer> ids) {
        long[] numbers = ids.stream().mapToLong(Integer::longValue).toArray();
        return TensorScope.keepResult(
                () -> tokens.forward(Tensors.ofLongs(numbers).to(tokens.weight().device(), ScalarType.Long)));
    }

    /** (B, L, D) after the final norm, a new tensor. */
    Tensor normed(Tensor states) {
        return finalNorm.forward(states);
    }

    /** How many blocks there are. */
    int depth() {
        return blocks.size();
    }

    /**
     * @param ids {@code int64 (B, L)}
     * @param states of {@link #states}
     * @return the state at the first end token, (B, D), a new tensor
     */
    Tensor pooled(Tensor ids, Tensor states) {
        return TensorScope.keepResult(() -> {
            Tensor marks = config.eosTokenId() == OLD_EOS
                    ? ids
                    : ids.eq(new Scalar(config.eosTokenId())).to(ScalarType.Int);
            Tensor places = torch.argmax(marks, new LongOptional(-1), false)
                    .to(states.device(), ScalarType.Long)
                    .view(-1, 1, 1)
                    .expand(ids.size(0), 1, states.size(2));
            return states.gather(1, places).squeeze(1);
        });
    }

    @Override
    protected void initializeAfterParts(RandomStream random) {
        random.normal(tokens.weight(), 0, TOKEN_DEVIATION * config.initializerFactor());
        random.normal(positions.weight(), 0, TOKEN_DEVIATION * config.initializerFactor());
    }
}
