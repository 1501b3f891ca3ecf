// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.bytedeco.pytorch.global.torch.chunk;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.tensor.TensorScope;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.jspecify.annotations.Nullable;

/**
 * Two convolutions beside a shortcut, with the time, where the network knows one, between them: He et al. (2016) with the
 * pre-activation of Ho et al. (2020). Names and variants are those of diffusers' {@code ResnetBlock2D}.
 *
 * <pre>norm1 → act → [resample] → conv1 → [+ time] → norm2 → act → dropout → conv2 → + shortcut → / scale</pre>
 */
public final class ResnetBlock extends BlockPart {

    /**
     * @param in channels before
     * @param out channels after
     * @param timeFeatures size of the time embedding; {@code null} for a block that knows no time
     * @param groups of the first norm
     * @param groupsOut of the second norm; {@code null} for {@code groups}
     * @param scaleShift the time scales and shifts the second norm's output, instead of being added before it
     * @param outputScale the sum is divided by it
     * @param forceShortcut a 1×1 convolution on the shortcut even where the channels agree
     */
    public record Spec(
            int in,
            int out,
            @Nullable Integer timeFeatures,
            int groups,
            @Nullable Integer groupsOut,
            double eps,
            double dropout,
            Activation activation,
            boolean scaleShift,
            double outputScale,
            Resample.Kind resample,
            boolean forceShortcut) {

        public Spec {
            Check.that(
                    !scaleShift || timeFeatures != null,
                    "a block that knows no time has nothing to scale and shift by");
        }

        /** Every default is written here. */
        public static Spec of(int in, int out) {
            return new Spec(in, out, null, 32, null, 1e-6, 0, Activation.SILU, false, 1, Resample.Kind.NONE, false);
        }

        /** An edited copy: {@code spec.with(s -> s.groups = 8)}. */
        public Spec with(Consumer<Draft> edit) {
            Draft draft = new Draft(this);
            edit.accept(draft);
            return draft.toSpec();
        }
    }

    /** The fields of a {@link Spec}, to be changed. */
    public static final class Draft {
        public int in;
        public int out;
        public @Nullable Integer timeFeatures;
        public int groups;
        public @Nullable Integer groupsOut;
        public double eps;
        public double dropout;
        public Activation activation;
        public boolean scaleShift;
        public double outputScale;
        public Resample.Kind resample;
        public boolean forceShortcut;

        private Draft(Spec from) {
            in = from.in;
            out = from.out;
            timeFeatures = from.timeFeatures;
            groups = from.groups;
            groupsOut = from.groupsOut;
            eps = from.eps;
            dropout = from.dropout;
            activation = from.activation;
            scaleShift = from.scaleShift;
            outputScale = from.outputScale;
            resample = from.resample;
            forceShortcut = from.forceShortcut;
        }

        private Spec toSpec() {
            return new Spec(
                    in,
                    out,
                    timeFeatures,
                    groups,
                    groupsOut,
                    eps,
                    dropout,
                    activation,
                    scaleShift,
                    outputScale,
                    resample,
                    forceShortcut);
        }
    }

    private final Spec spec;
    private final GroupNorm norm1;
    private final Conv2d conv1;
    private final @Nullable Linear timeProjection;
    private final GroupNorm norm2;
    private final Dropout dropout;
    private final Conv2d conv2;
    private final @Nullable Conv2d shortcut;

    public ResnetBlock(Spec spec) {
        this.spec = spec;
        norm1 = child("norm1", new GroupNorm(spec.groups, spec.in, spec.eps));
        conv1 = child("conv1", Conv2d.same(spec.in, spec.out));
        timeProjection = spec.timeFeatures == null
                ? null
                : child("time_emb_proj", new Linear(spec.timeFeatures, spec.scaleShift ? 2L * spec.out : spec.out));
        int groupsOut = spec.groupsOut == null ? spec.groups : spec.groupsOut;
        norm2 = child("norm2", new GroupNorm(groupsOut, spec.out, spec.eps));
        dropout = new Dropout(spec.dropout);
        conv2 = child("conv2", Conv2d.same(spec.out, spec.out));
        shortcut = spec.in != spec.out || spec.forceShortcut
                ? child("conv_shortcut", Conv2d.pointwise(spec.in, spec.out))
                : null;
    }

    @Override
    public Tensor forward(Tensor sample, BlockInput input) {
        return forward(sample, input.activatedTime());
    }

    /**
     * @param sample (B, in, H, W)
     * @param activatedTime the activation of the time embedding, (B or 1, timeFeatures); not read by a block that knows no time
     * @return (B, out, H', W'), a new tensor; H' = H unless resampled
     * @throws IllegalArgumentException where the block knows a time and is given none
     */
    public Tensor forward(Tensor sample, @Nullable Tensor activatedTime) {
        return TensorScope.keepResult(() -> {
            Tensor normed = upToSecondConvolution(sample, activatedTime);
            Tensor residual = spec.resample.apply(sample);
            if (shortcut != null) {
                residual = shortcut.forward(residual);
            }
            boolean isTemporary = shortcut != null || spec.resample != Resample.Kind.NONE; // not the caller's own
            Tensor sum = conv2.forwardPlus(dropout.forward(normed), residual, isTemporary);
            return spec.outputScale == 1 ? sum : sum.div(new Scalar(spec.outputScale));
        });
    }

    private Tensor upToSecondConvolution(Tensor sample, @Nullable Tensor activatedTime) {
        return TensorScope.keepResult(() -> {
            Tensor time = project(activatedTime);
            Tensor hidden = TensorScope.keepResult(
                    () -> conv1.forward(spec.resample.apply(norm1.forward(sample, null, spec.activation))));
            if (time == null || !spec.scaleShift) {
                return norm2.forward(hidden, time, spec.activation);
            }
            TensorVector parts = chunk(time.unsqueeze(2).unsqueeze(3), 2, 1);
            Tensor scaled =
                    norm2.forward(hidden).mul(parts.get(0).add(new Scalar(1.0))).add(parts.get(1));
            return spec.activation.applyToTemporary(scaled);
        });
    }

    private @Nullable Tensor project(@Nullable Tensor activatedTime) {
        Linear projection = timeProjection;
        if (projection == null) {
            return null;
        }
        Check.that(activatedTime != null, "this block needs the embedding of a time");
        return projection.forward(java.util.Objects.requireNonNull(activatedTime));
    }
}
