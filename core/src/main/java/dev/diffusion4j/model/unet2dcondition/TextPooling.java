// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.unet2dcondition;

import static org.bytedeco.pytorch.global.torch.cat;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.layer.AttentionInput;
import dev.diffusion4j.layer.AttentionNames;
import dev.diffusion4j.layer.AttentionSpec;
import dev.diffusion4j.layer.Layer;
import dev.diffusion4j.layer.LayerNorm;
import dev.diffusion4j.layer.Linear;
import dev.diffusion4j.layer.MultiHeadAttention;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/**
 * A prompt's tokens to features of the time: their mean asks them all, as in CLIP's pooling (Radford et al. 2021). Names are those of
 * diffusers' {@code TextTimeEmbedding}.
 */
final class TextPooling extends Layer {
    private static final double EPS = 1e-5;
    private static final AttentionNames NAMES =
            new AttentionNames("q_proj", "k_proj", "v_proj", "out_proj", "q_norm", "k_norm", 1);

    /** Asks the tokens by their mean. */
    private static final class Pool extends Layer {
        private final Tensor place;
        private final MultiHeadAttention attention;

        Pool(int features, int heads) {
            place = parameter("positional_embedding", 1, features);
            attention = child(
                    "",
                    new MultiHeadAttention(AttentionSpec.self(features, heads).with(s -> s.projected = false), NAMES));
        }

        /** (B, L, D) to (B, D), a new tensor. */
        Tensor forward(Tensor tokens) {
            return TensorScope.keepResult(() -> {
                Tensor mean = tokens.mean(new long[] {1}, true, new org.bytedeco.pytorch.ScalarTypeOptional())
                        .add(place);
                Tensor all = cat(new TensorVector(mean, tokens), 1);
                return attention.forward(mean, AttentionInput.of(all)).squeeze(1);
            });
        }

        @Override
        protected void initializeOwn(RandomStream random) {
            random.normal(place, 0, 1 / Math.sqrt((double) place.size(1)));
        }
    }

    private final LayerNorm norm1;
    private final Pool pool;
    private final Linear projection;
    private final LayerNorm norm2;

    TextPooling(int features, int timeFeatures, int heads) {
        Check.that(
                features % heads == 0,
                "the prompt's " + features + " features cannot be split into addition_embed_type_num_heads " + heads);
        norm1 = child("norm1", new LayerNorm(features, EPS));
        pool = child("pool", new Pool(features, heads));
        projection = child("proj", new Linear(features, timeFeatures));
        norm2 = child("norm2", new LayerNorm(timeFeatures, EPS));
    }

    /** (B, L, D) to (B, timeFeatures), a new tensor. */
    Tensor forward(Tensor tokens) {
        return TensorScope.keepResult(() -> norm2.forward(projection.forward(pool.forward(norm1.forward(tokens)))));
    }
}
