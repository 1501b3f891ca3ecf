// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer.block;

import dev.diffusion4j.layer.AttentionInput;
import dev.diffusion4j.layer.AttentionNames;
import dev.diffusion4j.layer.AttentionSpec;
import dev.diffusion4j.layer.Layer;
import dev.diffusion4j.layer.LayerNorm;
import dev.diffusion4j.layer.MultiHeadAttention;
import dev.diffusion4j.tensor.TensorScope;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;

/**
 * Tokens ask each other, then a prompt, then pass a feed-forward layer, each with a norm before and the input added after: Rombach et
 * al. (2022). Names are those of diffusers' {@code BasicTransformerBlock}.
 */
public final class TransformerBlock extends Layer {
    private static final double EPS = 1e-5;

    private final LayerNorm norm1;
    private final MultiHeadAttention attention1;
    private final LayerNorm norm2;
    private final MultiHeadAttention attention2;
    private final LayerNorm norm3;
    private final GatedFeedForward feedForward;
    private final boolean asksPromptTwice;

    /**
     * @param heads of each attention
     * @param headSize features of a head; a token has heads·headSize
     * @param contextFeatures of a token of the prompt
     * @param asksPromptTwice whether the first attention asks the prompt too, and tokens never each other
     */
    public TransformerBlock(int heads, int headSize, int contextFeatures, boolean asksPromptTwice) {
        int features = heads * headSize;
        this.asksPromptTwice = asksPromptTwice;
        AttentionSpec self = AttentionSpec.self(features, heads).with(s -> s.bias = false);
        AttentionSpec cross = self.with(s -> s.contextFeatures = contextFeatures);
        norm1 = child("norm1", new LayerNorm(features, EPS));
        attention1 = child("attn1", new MultiHeadAttention(asksPromptTwice ? cross : self, AttentionNames.DIFFUSERS));
        norm2 = child("norm2", new LayerNorm(features, EPS));
        attention2 = child("attn2", new MultiHeadAttention(cross, AttentionNames.DIFFUSERS));
        norm3 = child("norm3", new LayerNorm(features, EPS));
        feedForward = child("ff", new GatedFeedForward(features));
    }

    /**
     * @param tokens (B, L, features)
     * @param prompt with the prompt's tokens, (B, L', contextFeatures), and their mask
     * @return (B, L, features), a new tensor
     */
    public Tensor forward(Tensor tokens, AttentionInput prompt) {
        // diffusers gives its first attention no mask, even where it asks the prompt
        AttentionInput first = asksPromptTwice ? prompt.withMask(null) : AttentionInput.SELF;
        return TensorScope.keepResult(() -> {
            Tensor once = plus(tokens, x -> attention1.forward(norm1.forward(x), first));
            Tensor twice = plus(once, x -> attention2.forward(norm2.forward(x), prompt));
            return plus(twice, x -> feedForward.forward(norm3.forward(x)));
        });
    }

    /** The tokens plus what a branch makes of them; a new tensor. */
    private static Tensor plus(Tensor tokens, UnaryOperator<Tensor> branch) {
        return TensorScope.keepResult(() -> {
            Tensor made = branch.apply(tokens);
            return GradMode.is_enabled() ? made.add(tokens) : made.add_(tokens);
        });
    }
}
