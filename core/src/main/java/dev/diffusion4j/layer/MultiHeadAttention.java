// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import dev.diffusion4j.tensor.BackwardTape;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * Tokens ask tokens, in several heads: Vaswani et al. (2017). Whether they ask each other or others, a mask and the tokens' places are
 * given with each call ({@link AttentionInput}); the rest is in the {@link AttentionSpec}.
 */
public final class MultiHeadAttention extends Layer {
    private final AttentionSpec spec;
    private final Linear query;
    private final Linear key;
    private final Linear value;
    private final @Nullable Linear out;
    private final @Nullable LayerNorm queryNorm;
    private final @Nullable LayerNorm keyNorm;
    private final QkvProjection projection;
    private final @Nullable FusedAttention fused;

    public MultiHeadAttention(AttentionSpec spec, AttentionNames names) {
        this.spec = spec;
        query = new Linear(spec.features(), (long) spec.heads() * spec.headSize(), spec.bias());
        key = new Linear(spec.contextFeatures(), (long) spec.keyHeads() * spec.headSize(), spec.bias());
        value = new Linear(spec.contextFeatures(), (long) spec.keyHeads() * spec.valueSize(), spec.bias());
        makeParts(names);
        out = spec.projected()
                ? child(
                        names.out(),
                        new Linear((long) spec.heads() * spec.valueSize(), spec.features(), spec.outBias()))
                : null;
        Double eps = spec.headNormEps();
        queryNorm = eps == null ? null : child(names.queryNorm(), new LayerNorm(spec.headSize(), eps));
        keyNorm = eps == null ? null : child(names.keyNorm(), new LayerNorm(spec.headSize(), eps));
        projection = new QkvProjection(query, key, value);
        fused = FusedAttention.fits(spec) ? new FusedAttention(projection, spec.heads()) : null;
    }

    private void makeParts(AttentionNames names) {
        List<Map.Entry<String, Linear>> parts =
                new ArrayList<>(List.of(Map.entry(names.key(), key), Map.entry(names.value(), value)));
        parts.add(names.queryPlace(), Map.entry(names.query(), query));
        parts.forEach(part -> child(part.getKey(), part.getValue()));
    }

    /** All tokens ask each other; see {@link #forward(Tensor, AttentionInput)}. */
    public Tensor forward(Tensor tokens) {
        return forward(tokens, AttentionInput.SELF);
    }

    /**
     * @param tokens that ask, (B, L, features)
     * @return (B, L, features), or (B, L, heads·valueSize) without a map after the heads; a new tensor, of which rows may share their memory
     *     where gradients are kept
     */
    public Tensor forward(Tensor tokens, AttentionInput input) {
        return TensorScope.keepResult(() -> {
            Tensor context = input.context();
            Tensor mixed = context != null && isOneAnswer(tokens, context, input)
                    ? oneAnswer(tokens, context)
                    : mix(tokens, input);
            Tensor result = out == null ? mixed : out.forward(mixed);
            return result.size(1) == tokens.size(1) ? result : result.expand(-1, tokens.size(1), -1);
        });
    }

    /** Whether all learn from one key, a picture's class as a rule: its weight is 1 whoever asks. */
    private boolean isOneAnswer(Tensor tokens, Tensor context, AttentionInput input) {
        return GradMode.is_enabled()
                && context.size(1) == 1
                && tokens.size(1) > 1
                && input.mask() == null
                && input.places() == null
                && !spec.causal()
                && query.isFoldable(); // what is dropped for a question is drawn before what is dropped for an answer
    }

    /**
     * What {@link #mix} gives with one key, without asking for each token: the first asks for all, so that questions and keys get the gradients
     * that they are due, which are 0; the tokens get none from here, for the same reason. In f32 all sums are those of {@code mix}, to the last bit;
     * in less it is given once, (B, 1, heads·valueSize).
     */
    private Tensor oneAnswer(Tensor tokens, Tensor context) {
        return TensorScope.keepResult(() -> {
            Tensor first = tokens.narrow(1, 0, 1).detach();
            Tensor asking = normed(split(query.forward(first), spec.heads()), queryNorm);
            Tensor keys = normed(split(key.forward(context), spec.keyHeads()), keyNorm);
            Tensor answers = split(value.forward(context), spec.keyHeads());
            long times = Tensors.type(tokens) == ScalarType.Float ? tokens.size(1) : 1;
            Tensor weights = AttentionProduct.weights(asking, shared(keys)) // (B, heads, 1, 1)
                    .expand(-1, -1, times, -1)
                    .contiguous();
            return AttentionProduct.weighted(weights, shared(answers))
                    .transpose(1, 2)
                    .reshape(tokens.size(0), times, (long) spec.heads() * spec.valueSize());
        });
    }

    /** (B, L, heads·valueSize). */
    private Tensor mix(Tensor tokens, AttentionInput input) {
        Optional<BackwardTape> tape = BackwardTape.current();
        FusedAttention fast = fused;
        if (fast != null && tape.isPresent() && input.equals(AttentionInput.SELF) && fast.fits(tokens)) {
            return fast.forward(tape.get(), tokens);
        }
        if (tape.isPresent()
                && input.equals(AttentionInput.SELF)
                && TrainedHalfAttention.fits(spec)
                && TrainedHalfAttention.fits(tokens)
                && (tokens.requires_grad() || projection.learns())) {
            return TensorScope.keepResult(() -> {
                Tensor qkv = projection.forward(tokens);
                return qkv.requires_grad()
                        ? TrainedHalfAttention.forward(tape.get(), qkv, spec.heads())
                        : ofProducts(tokens, input);
            });
        }
        return ofProducts(tokens, input);
    }

    private Tensor ofProducts(Tensor tokens, AttentionInput input) {
        return TensorScope.keepResult(() -> {
            Tensor context = input.context() == null ? tokens : input.context();
            Tensor asking = placed(normed(split(query.forward(tokens), spec.heads()), queryNorm), input);
            Tensor keys = placed(normed(split(key.forward(context), spec.keyHeads()), keyNorm), input);
            Tensor answers = split(value.forward(context), spec.keyHeads());
            return AttentionProduct.attend(asking, shared(keys), shared(answers), input.mask(), spec.causal())
                    .transpose(1, 2)
                    .reshape(tokens.size(0), tokens.size(1), (long) spec.heads() * spec.valueSize());
        });
    }

    /** (B, L, heads·D) to (B, heads, L, D), a view. */
    private static Tensor split(Tensor tokens, int heads) {
        return tokens.view(tokens.size(0), tokens.size(1), heads, -1).transpose(1, 2);
    }

    private static Tensor normed(Tensor heads, @Nullable LayerNorm norm) {
        return norm == null ? heads : norm.forward(heads);
    }

    private static Tensor placed(Tensor heads, AttentionInput input) {
        return input.places() == null ? heads : input.places().apply(heads);
    }

    /** (B, keyHeads, L, D) to (B, heads, L, D): each head of keys as often as heads ask it. */
    private Tensor shared(Tensor heads) {
        if (spec.keyHeads() == spec.heads()) {
            return heads;
        }
        long times = spec.heads() / spec.keyHeads();
        return heads.unsqueeze(2)
                .expand(heads.size(0), heads.size(1), times, heads.size(2), heads.size(3))
                .flatten(1, 2);
    }
}
