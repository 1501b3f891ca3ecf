// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import dev.diffusion4j.tensor.BackwardTape;
import dev.diffusion4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
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
        fused = FusedAttention.fits(spec) ? new FusedAttention(query, key, value, spec.heads()) : null;
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
     * @return (B, L, features), or (B, L, heads·valueSize) without a map after the heads; a new tensor
     */
    public Tensor forward(Tensor tokens, AttentionInput input) {
        return TensorScope.keepResult(() -> {
            Tensor mixed = mix(tokens, input);
            return out == null ? mixed : out.forward(mixed);
        });
    }

    /** (B, L, heads·valueSize). */
    private Tensor mix(Tensor tokens, AttentionInput input) {
        Optional<BackwardTape> tape = BackwardTape.current();
        FusedAttention fast = fused;
        if (fast != null && tape.isPresent() && input.equals(AttentionInput.SELF) && fast.fits(tokens)) {
            return fast.forward(tape.get(), tokens);
        }
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
