// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.bytedeco.pytorch.global.torch.empty_like;
import static org.bytedeco.pytorch.global.torch.group_norm;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.kernel.Curve;
import dev.diffusion4j.kernel.NormForward;
import dev.diffusion4j.tensor.BackwardTape;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.tensor.WeightMemory;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * Zero mean and unit variance within groups of channels, then a scale and a shift per channel: Wu and He (2018). What stands around
 * it in a network (a number added to each channel before, SiLU or another function after) may be done in the same pass, which is what training does
 * where the JDK's vector loops are at hand: LibTorch's own channels-last kernel is several times slower.
 */
public final class GroupNorm extends Layer {
    private static final float[] NOTHING = {};
    /** Numbers up to which LibTorch does it: the JVM takes half a second to compile the loops, which a tiny network never earns. */
    private static final long SMALL = 1 << 14;

    private final Tensor weight;
    private final Tensor bias;
    private final TensorOptional weightOptional;
    private final TensorOptional biasOptional;
    private final int groups;
    private final double eps;
    private final ConcurrentHashMap<String, NormPasses> passes = new ConcurrentHashMap<>();
    private volatile @Nullable FusedNorm frozenNorm;

    /** @throws IllegalArgumentException where the channels do not fall into equal groups */
    public GroupNorm(int groups, long channels, double eps) {
        Check.that(
                groups > 0 && channels % groups == 0,
                channels + " channels cannot be split into " + groups + " equal groups for group normalisation");
        this.groups = groups;
        this.eps = eps;
        weight = parameter("weight", channels);
        bias = parameter("bias", channels);
        weightOptional = WeightMemory.optional(weight);
        biasOptional = WeightMemory.optional(bias);
    }

    /**
     * @param sample (B, C, …)
     * @return the same shape, a new tensor
     */
    public Tensor forward(Tensor sample) {
        return forward(sample, null, null);
    }

    /**
     * activation(norm(sample + added)).
     *
     * @param sample (B, C, H, W); may be overwritten where no graph needs it and something is added
     * @param added (B, C) or (1, C), or {@code null}
     * @param activation or {@code null}
     * @return the same shape, a new tensor or the overwritten one
     */
    public Tensor forward(Tensor sample, @Nullable Tensor added, @Nullable Activation activation) {
        Optional<BackwardTape> tape = BackwardTape.current();
        Curve curve = Activation.curve(activation);
        if (curve != null && tape.isPresent() && GradMode.is_enabled() && sample.requires_grad() && isFusible(sample)) {
            return fused(tape.get(), sample, added, curve);
        }
        if (!GradMode.is_enabled() && sample.numel() > SMALL && isFusible(sample)) {
            boolean silu = curve == Curve.SILU;
            Tensor normed = fusedForward(sample, added, silu);
            return silu || activation == null ? normed : activation.applyToTemporary(normed);
        }
        return TensorScope.keepResult(() -> {
            Tensor input = sample;
            if (added != null) {
                Tensor spread = added.unsqueeze(2).unsqueeze(3);
                input = GradMode.is_enabled() ? sample.add(spread) : sample.add_(spread);
            }
            Tensor normed = isStored()
                    ? group_norm(
                            input,
                            groups,
                            new TensorOptional(widened(weight)),
                            new TensorOptional(widened(bias)),
                            eps,
                            true)
                    : group_norm(input, groups, weightOptional, biasOptional, eps, true);
            return activation == null ? normed : activation.applyToTemporary(normed);
        });
    }

    static boolean isFusible(Tensor sample) {
        return sample.device().is_cpu()
                && sample.dim() == 4
                && sample.is_contiguous(MemoryFormat.ChannelsLast)
                && NormPasses.fits(sample.size(1), Tensors.type(sample));
    }

    /** Without a graph. */
    private Tensor fusedForward(Tensor sample, @Nullable Tensor added, boolean silu) {
        Tensor value = added == null ? empty_like(sample) : sample;
        fusedNorm(sample, silu).forward(sample, added == null ? NOTHING : Tensors.floats(added), value);
        return value;
    }

    private FusedNorm fusedNorm(Tensor sample, boolean silu) {
        FusedNorm known = frozenNorm;
        if (known != null) {
            return known;
        }
        boolean bf16 = Tensors.type(sample) == ScalarType.BFloat16;
        FusedNorm made = new FusedNorm(
                new NormForward.Norm((int) sample.size(1), groups, eps, bf16),
                silu,
                Tensors.floats(weight),
                Tensors.floats(bias));
        if (isFrozen()) {
            frozenNorm = made;
        }
        return made;
    }

    private Tensor fused(BackwardTape tape, Tensor sample, @Nullable Tensor added, Curve curve) {
        return TensorScope.keepResult(() -> {
            Tensor value;
            FusedState state;
            try (NoGradGuard guard = new NoGradGuard()) {
                Tensor input = sample.detach();
                float[] offsets = added == null ? null : Tensors.floats(added.expand(sample.size(0), sample.size(1)));
                state = new FusedState(
                        tape.keep(input),
                        offsets,
                        Tensors.floats(weight),
                        Tensors.floats(bias),
                        new float[(int) sample.size(0) * 2 * groups],
                        passes(sample, curve));
                value = empty_like(input);
                state.passes.forward(input, offsets, state.weight, state.bias, state.stats, value);
            }
            if (added == null || !added.requires_grad()) {
                return tape.record(sample, value, gradient -> backward(tape, state, gradient, null));
            }
            return tape.recordWith(sample, added, value, (gradient, side) -> backward(tape, state, gradient, side));
        });
    }

    /** What the backward pass needs. */
    private record FusedState(
            Tensor input, float @Nullable [] added, float[] weight, float[] bias, float[] stats, NormPasses passes) {}

    private NormPasses passes(Tensor sample, Curve curve) {
        boolean bf16 = Tensors.type(sample) == ScalarType.BFloat16;
        return passes.computeIfAbsent(
                curve + "," + bf16, key -> new NormPasses((int) sample.size(1), groups, eps, curve, bf16));
    }

    private Tensor backward(
            BackwardTape tape, FusedState state, Tensor gradient, BackwardTape.@Nullable SideGradient side) {
        return TensorScope.keepResult(() -> {
            Tensor last = gradient.contiguous(MemoryFormat.ChannelsLast).to(Tensors.type(state.input));
            Tensor result = empty_like(state.input);
            float[] addedGradient = side == null ? null : new float[(int) (last.size(0) * last.size(1))];
            NormPasses.ParameterGradients parameters = state.passes.backward(
                    last, state.input, state.added, state.weight, state.bias, state.stats, addedGradient, result);
            Gradients.add(weight, parameters.weight());
            Gradients.add(bias, parameters.bias());
            if (side != null && addedGradient != null) {
                side.set(Tensors.of(addedGradient, last.size(0), last.size(1)));
            }
            tape.release(state.input);
            return result;
        });
    }

    @Override
    protected void initializeOwn(RandomStream random) {
        Init.fill(weight, 1);
        Init.fill(bias, 0);
    }

    @Override
    public void close() {
        weightOptional.close();
        biasOptional.close();
        super.close();
    }
}
