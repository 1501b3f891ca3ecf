// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.bytedeco.pytorch.global.torch.zeros;

import dev.diffusion4j.kernel.AttentionKernel;
import dev.diffusion4j.kernel.VectorSupport;
import dev.diffusion4j.tensor.BackwardTape;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Tokens that ask each other in heads of {@link AttentionKernel#HEAD} channels, forward and backward by the vector loops: matrix products
 * are too small to be fast there. Borrows the layers of the {@link MultiHeadAttention} that it belongs to.
 */
final class FusedAttention {
    private final QkvProjection projection;
    private final int heads;
    private final int inner;
    private final ConcurrentHashMap<Integer, AttentionPasses> passes = new ConcurrentHashMap<>();

    FusedAttention(QkvProjection projection, int heads) {
        this.projection = projection;
        this.heads = heads;
        this.inner = heads * AttentionKernel.HEAD;
    }

    /** Whether the loops know this kind of attention. */
    static boolean fits(AttentionSpec spec) {
        return VectorSupport.isAvailable()
                && spec.headSize() == AttentionKernel.HEAD
                && spec.valueSize() == AttentionKernel.HEAD
                && spec.contextFeatures() == spec.features()
                && spec.keyHeads() == spec.heads()
                && !spec.causal()
                && spec.headNormEps() == null;
    }

    /** Whether this call is one for the loops. */
    boolean fits(Tensor tokens) {
        return GradMode.is_enabled()
                && ProductStrengths.current() == null // a weight that holds its product is the same for all pictures
                && tokens.device().is_cpu()
                && isOnGraph(tokens)
                && projection.isFoldable();
    }

    /** Without a gradient to be had there is nothing to hang the backward pass on. */
    private boolean isOnGraph(Tensor tokens) {
        return tokens.requires_grad() || projection.query().foldedWeight().requires_grad();
    }

    /** (B, L, C) to (B, L, heads·8), a new tensor on the graph. */
    Tensor forward(BackwardTape tape, Tensor tokens) {
        return TensorScope.keepResult(() -> {
            Tensor qkv = projection.folded(tokens); // (B, L, 3·inner)
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
