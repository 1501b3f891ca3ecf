// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.bytedeco.pytorch.global.torch.cat;
import static org.bytedeco.pytorch.global.torch.linear;
import static org.bytedeco.pytorch.global.torch.zeros;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.kernel.AttentionKernel;
import dev.diffusion4j.kernel.VectorSupport;
import dev.diffusion4j.tensor.BackwardTape;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * Every pixel looks at every pixel: Vaswani et al. (2017) on a sample's pixels, with group norm before and the input added
 * after. Names are those of diffusers' {@code Attention}.
 */
public final class Attention extends Layer {
    private final @Nullable GroupNorm norm;
    private final Linear query;
    private final Linear key;
    private final Linear value;
    private final Linear out;
    private final int heads;
    private final int inner;
    private final double outputScale;
    private final ConcurrentHashMap<Integer, AttentionPasses> passes = new ConcurrentHashMap<>();

    /**
     * @param channels C
     * @param headSize channels of a head; C div headSize heads
     * @param groups of the norm, or {@code null} for none
     * @param outputScale the sum is divided by it
     */
    public Attention(int channels, int headSize, @Nullable Integer groups, double eps, double outputScale) {
        this.heads = channels / headSize;
        Check.that(
                heads > 0,
                "attention_head_dim " + headSize + " is larger than the " + channels + " channels that it divides");
        this.inner = heads * headSize;
        this.outputScale = outputScale;
        norm = groups == null ? null : child("group_norm", new GroupNorm(groups, channels, eps));
        query = child("to_q", new Linear(channels, inner));
        key = child("to_k", new Linear(channels, inner));
        value = child("to_v", new Linear(channels, inner));
        out = child("to_out.0", new Linear(inner, channels));
    }

    /**
     * @param sample (B, C, H, W)
     * @return the same shape, a new tensor
     */
    public Tensor forward(Tensor sample) {
        return TensorScope.keepResult(() -> {
            long batch = sample.size(0);
            long channels = sample.size(1);
            long pixels = sample.size(2) * sample.size(3);
            Tensor tokens = (norm == null ? sample : norm.forward(sample))
                    .reshape(batch, channels, pixels)
                    .transpose(1, 2);
            Optional<BackwardTape> tape = BackwardTape.current();
            Tensor mixed = tape.isPresent() && isFusible(tokens) ? fused(tape.get(), tokens) : plain(tokens);
            Tensor result = out.forward(mixed).transpose(1, 2).reshape(batch, channels, sample.size(2), sample.size(3));
            Tensor sum = GradMode.is_enabled() ? result.add(sample) : result.add_(sample);
            return outputScale == 1 ? sum : sum.div(new Scalar(outputScale));
        });
    }

    /** (B, L, C) to (B, L, inner). */
    private Tensor plain(Tensor tokens) {
        return TensorScope.keepResult(() -> AttentionProduct.attend(
                        split(query.forward(tokens)), split(key.forward(tokens)), split(value.forward(tokens)))
                .transpose(1, 2)
                .reshape(tokens.size(0), tokens.size(1), inner));
    }

    /** (B, L, heads·D) to (B, heads, L, D), a view. */
    private Tensor split(Tensor tokens) {
        return tokens.view(tokens.size(0), tokens.size(1), heads, -1).transpose(1, 2);
    }

    private boolean isFusible(Tensor tokens) {
        return VectorSupport.isAvailable()
                && GradMode.is_enabled()
                && tokens.device().is_cpu()
                && inner == heads * AttentionKernel.HEAD
                && isOnGraph(tokens)
                && query.isFoldable()
                && key.isFoldable()
                && value.isFoldable();
    }

    /** Without a gradient to be had there is nothing to hang the backward pass on. */
    private boolean isOnGraph(Tensor tokens) {
        return tokens.requires_grad() || query.foldedWeight().requires_grad();
    }

    /** As {@link #plain}, by the kernel for small heads. */
    private Tensor fused(BackwardTape tape, Tensor tokens) {
        return TensorScope.keepResult(() -> {
            Tensor weight = cat(new TensorVector(query.foldedWeight(), key.foldedWeight(), value.foldedWeight()), 0);
            Tensor bias = cat(new TensorVector(query.bias(), key.bias(), value.bias()), 0);
            Tensor qkv = linear(tokens, weight, new TensorOptional(bias)); // (B, L, 3·inner)
            int length = (int) tokens.size(1);
            AttentionPasses own = passes.computeIfAbsent(length, n -> new AttentionPasses(n, heads));
            FusedState state = attend(tape, own, qkv.detach());
            return tape.recordNarrower(qkv, state.result, gradient -> gradientOfQkv(tape, own, state, gradient));
        });
    }

    /**
     * What the backward pass needs; kept by the tape.
     *
     * @param qkv (B, L, 3·inner)
     * @param result (B, L, inner)
     * @param logSums (B, heads, stride)
     */
    private record FusedState(Tensor qkv, Tensor result, Tensor logSums) {}

    private FusedState attend(BackwardTape tape, AttentionPasses own, Tensor qkv) {
        return TensorScope.compute(() -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                Tensor result = padded(qkv.size(0), inner, own.stride());
                Tensor logSums = padded(qkv.size(0), heads, own.stride());
                own.forward(channelFirst(qkv, own.stride()), result, logSums);
                return new FusedState(
                        tape.keep(qkv),
                        tape.keep(tokensFirst(result, (int) qkv.size(1), Tensors.type(qkv))),
                        tape.keep(logSums));
            }
        });
    }

    private Tensor gradientOfQkv(BackwardTape tape, AttentionPasses own, FusedState state, Tensor gradient) {
        return TensorScope.keepResult(() -> {
            Tensor gradients = padded(gradient.size(0), 3L * inner, own.stride());
            own.backward(
                    channelFirst(state.qkv, own.stride()),
                    channelFirst(state.result, own.stride()),
                    state.logSums,
                    channelFirst(gradient, own.stride()),
                    gradients);
            Tensor result = tokensFirst(gradients, (int) state.qkv.size(1), Tensors.type(state.qkv));
            tape.release(state.qkv);
            tape.release(state.result);
            tape.release(state.logSums);
            return result;
        });
    }

    /** (B, L, n) of any dtype to {@code float32 (B, n, stride)}, zeros beyond L. */
    private static Tensor channelFirst(Tensor tokens, int stride) {
        return TensorScope.keepResult(() -> {
            Tensor target = tokens.size(1) == stride
                    ? Tensors.empty(ScalarType.Float, tokens.size(0), tokens.size(2), stride)
                    : zeros(tokens.size(0), tokens.size(2), stride);
            target.narrow(2, 0, tokens.size(1)).copy_(tokens.transpose(1, 2));
            return target;
        });
    }

    /** The inverse: a contiguous (B, L, n). */
    private static Tensor tokensFirst(Tensor channels, int length, ScalarType type) {
        return TensorScope.keepResult(
                () -> channels.narrow(2, 0, length).transpose(1, 2).to(type).contiguous());
    }

    private static Tensor padded(long batch, long channels, int stride) {
        return Tensors.empty(ScalarType.Float, batch, channels, stride);
    }
}
