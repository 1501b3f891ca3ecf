// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer.block;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.layer.AttentionInput;
import dev.diffusion4j.layer.BlockInput;
import dev.diffusion4j.layer.BlockPart;
import dev.diffusion4j.layer.Conv2d;
import dev.diffusion4j.layer.GroupNorm;
import dev.diffusion4j.layer.Linear;
import dev.diffusion4j.tensor.TensorScope;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The pixels of a sample pass {@link TransformerBlock}s as tokens, with a group norm and a map before, a map after and the input added:
 * Rombach et al. (2022). Names are those of diffusers' {@code Transformer2DModel}.
 */
public final class Transformer2D extends BlockPart {
    private static final double EPS = 1e-6;

    /**
     * @param channels of the sample
     * @param heads of each attention; a head has channels div heads features
     * @param depth how many blocks
     * @param contextFeatures of a token of the prompt
     * @param groups of the norm
     * @param linear whether the maps before and after are linear ones of tokens; else 1×1 convolutions, which are the same but for the
     *     shape of their weights
     * @param asksPromptTwice see {@link TransformerBlock}
     */
    public record Spec(
            int channels,
            int heads,
            int depth,
            int contextFeatures,
            int groups,
            boolean linear,
            boolean asksPromptTwice) {
        public Spec {
            Check.positive(heads, "heads");
            Check.that(channels >= heads, channels + " channels are too few for " + heads + " heads");
            Check.notNegative(depth, "depth");
        }

        int headSize() {
            return channels / heads;
        }

        /** Of a token. */
        long features() {
            return (long) heads * headSize();
        }
    }

    private final GroupNorm norm;
    private final @Nullable Linear linearIn;
    private final @Nullable Conv2d convIn;
    private final List<TransformerBlock> blocks;
    private final @Nullable Linear linearOut;
    private final @Nullable Conv2d convOut;

    public Transformer2D(Spec spec) {
        norm = child("norm", new GroupNorm(spec.groups(), spec.channels(), EPS));
        linearIn = spec.linear() ? child("proj_in", new Linear(spec.channels(), spec.features())) : null;
        convIn = spec.linear() ? null : child("proj_in", Conv2d.pointwise(spec.channels(), spec.features()));
        blocks = children(
                "transformer_blocks",
                IntStream.range(0, spec.depth())
                        .mapToObj(i -> new TransformerBlock(
                                spec.heads(), spec.headSize(), spec.contextFeatures(), spec.asksPromptTwice()))
                        .toList());
        linearOut = spec.linear() ? child("proj_out", new Linear(spec.features(), spec.channels())) : null;
        convOut = spec.linear() ? null : child("proj_out", Conv2d.pointwise(spec.features(), spec.channels()));
    }

    @Override
    public Tensor forward(Tensor sample, BlockInput input) {
        return TensorScope.keepResult(() -> {
            Tensor tokens = tokens(sample);
            for (TransformerBlock block : blocks) {
                tokens = next(block, tokens, input.attention());
            }
            Tensor picture = picture(tokens, sample);
            return GradMode.is_enabled() ? picture.add(sample) : picture.add_(sample);
        });
    }

    /** What a block makes of the tokens, which are freed where no graph needs them. */
    private static Tensor next(TransformerBlock block, Tensor tokens, AttentionInput prompt) {
        Tensor made = block.forward(tokens, prompt);
        if (!GradMode.is_enabled()) {
            tokens.close();
        }
        return made;
    }

    /** (B, C, H, W) to (B, H·W, features), a new tensor. */
    private Tensor tokens(Tensor sample) {
        return TensorScope.keepResult(() -> {
            Tensor normed = norm.forward(sample);
            if (linearIn != null) {
                return linearIn.forward(inRows(normed));
            }
            return inRows(Check.given(convIn, "proj_in").forward(normed));
        });
    }

    /** Without a copy where the sample is in channels-last order. */
    private static Tensor inRows(Tensor sample) {
        return sample.permute(0, 2, 3, 1).reshape(sample.size(0), sample.size(2) * sample.size(3), sample.size(1));
    }

    /** (B, H·W, features) to (B, C, H, W), a new tensor. */
    private Tensor picture(Tensor tokens, Tensor like) {
        return TensorScope.keepResult(() -> {
            if (linearOut != null) {
                return inPlanes(linearOut.forward(tokens), like);
            }
            return Check.given(convOut, "proj_out").forward(inPlanes(tokens, like));
        });
    }

    private static Tensor inPlanes(Tensor tokens, Tensor like) {
        return tokens.view(like.size(0), like.size(2), like.size(3), tokens.size(2))
                .permute(0, 3, 1, 2);
    }
}
