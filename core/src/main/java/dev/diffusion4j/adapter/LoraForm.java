// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import static dev.diffusion4j.adapter.LoraPart.*;

import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/** How a change of a weight, ΔW as (out, in·k·k), is put together from the tensors of a file, before alpha / r. */
enum LoraForm {
    /** B·A: Hu et al. (2021). */
    LOW_RANK(Set.of(UP, DOWN), Set.of()) {
        @Override
        Sizes sizes(Function<LoraPart, long[]> of) {
            return Sizes.product(flat(of.apply(UP)), flat(of.apply(DOWN)));
        }

        @Override
        Tensor delta(Map<LoraPart, Tensor> tensors) {
            return flat(tensors, UP).mm(flat(tensors, DOWN));
        }
    },
    /** B·M·A with a small kernel between, of convolutions: LyCORIS' LoCon with Tucker's decomposition. */
    TUCKER(Set.of(UP, MID, DOWN), Set.of()) {
        @Override
        Sizes sizes(Function<LoraPart, long[]> of) {
            return Sizes.tucker(of.apply(MID), reversed(flat(of.apply(UP))), flat(of.apply(DOWN)));
        }

        @Override
        Tensor delta(Map<LoraPart, Tensor> tensors) {
            return tucker(given(tensors, MID), flat(tensors, UP).t(), flat(tensors, DOWN));
        }
    },
    /** (B₁·A₁) ⊙ (B₂·A₂): LoHa, Nam et al. (2022), as LyCORIS writes it. */
    HADAMARD(Set.of(HADA_W1_A, HADA_W1_B, HADA_W2_A, HADA_W2_B), Set.of(HADA_T1, HADA_T2)) {
        @Override
        Sizes sizes(Function<LoraPart, long[]> of) {
            Sizes first = Sizes.of(of.apply(HADA_T1), of.apply(HADA_W1_A), of.apply(HADA_W1_B));
            Sizes second = Sizes.of(of.apply(HADA_T2), of.apply(HADA_W2_A), of.apply(HADA_W2_B));
            return first.out() == second.out() && first.in() == second.in() ? first : Sizes.NONE;
        }

        @Override
        Tensor delta(Map<LoraPart, Tensor> tensors) {
            return rebuilt(tensors.get(HADA_T1), given(tensors, HADA_W1_A), given(tensors, HADA_W1_B))
                    .mul(rebuilt(tensors.get(HADA_T2), given(tensors, HADA_W2_A), given(tensors, HADA_W2_B)));
        }
    },
    /** W₁ ⊗ W₂, each whole or B·A: LoKr, Yeh et al. (2023), LyCORIS. Where both are whole there is no rank, and alpha counts for nothing. */
    KRONECKER(Set.of(), Set.of(LOKR_W1, LOKR_W1_A, LOKR_W1_B, LOKR_W2, LOKR_W2_A, LOKR_W2_B, LOKR_T2)) {
        @Override
        Sizes sizes(Function<LoraPart, long[]> of) {
            long[] whole1 = of.apply(LOKR_W1);
            long[] whole2 = of.apply(LOKR_W2);
            Sizes first = whole1 != null
                    ? Sizes.whole(flat(whole1))
                    : Sizes.of(null, of.apply(LOKR_W1_A), of.apply(LOKR_W1_B));
            Sizes second = whole2 != null
                    ? Sizes.whole(flat(whole2))
                    : Sizes.of(of.apply(LOKR_T2), of.apply(LOKR_W2_A), of.apply(LOKR_W2_B));
            return first.isNone() || second.isNone()
                    ? Sizes.NONE
                    : new Sizes(
                            first.out() * second.out(),
                            first.in() * second.in(),
                            Math.max(first.rank(), second.rank()));
        }

        @Override
        Tensor delta(Map<LoraPart, Tensor> tensors) {
            Tensor first = tensors.containsKey(LOKR_W1)
                    ? flat(tensors, LOKR_W1)
                    : rebuilt(null, given(tensors, LOKR_W1_A), given(tensors, LOKR_W1_B));
            Tensor second = tensors.containsKey(LOKR_W2)
                    ? flat(tensors, LOKR_W2)
                    : rebuilt(tensors.get(LOKR_T2), given(tensors, LOKR_W2_A), given(tensors, LOKR_W2_B));
            return torch.kron(first, second);
        }
    };

    private final Set<LoraPart> needed;
    private final Set<LoraPart> more;

    LoraForm(Set<LoraPart> needed, Set<LoraPart> more) {
        this.needed = needed;
        this.more = more;
    }

    /**
     * ΔW's sizes, by the shapes of the tensors ({@code null} where there is none); {@link Sizes#NONE} where they do not fit each other.
     */
    abstract Sizes sizes(Function<LoraPart, long @Nullable []> of);

    /** ΔW, {@code float32 (out, in·k·k)}, of tensors in f32; owned by the current scope. */
    abstract Tensor delta(Map<LoraPart, Tensor> tensors);

    Set<LoraPart> needed() {
        return needed;
    }

    /** Whether a tensor is one of its own. */
    boolean has(LoraPart part) {
        return needed.contains(part) || more.contains(part);
    }

    /**
     * What a matrix's change is.
     *
     * @param rank 0 where it has none
     */
    record Sizes(long out, long in, long rank) {
        static final Sizes NONE = new Sizes(-1, -1, -1);

        boolean isNone() {
            return out < 0;
        }

        static Sizes whole(long @Nullable [] matrix) {
            return matrix == null ? NONE : new Sizes(matrix[0], matrix[1], 0);
        }

        static Sizes product(long @Nullable [] up, long @Nullable [] down) {
            return up == null || down == null || up.length != 2 || down.length != 2 || up[1] != down[0]
                    ? NONE
                    : new Sizes(up[0], down[1], down[0]);
        }

        /** Of {@link LoraForm#tucker}. */
        static Sizes tucker(long[] kernel, long @Nullable [] up, long @Nullable [] down) {
            return kernel.length != 4
                            || up == null
                            || down == null
                            || up.length != 2
                            || down.length != 2
                            || up[0] != kernel[0]
                            || down[0] != kernel[1]
                    ? NONE
                    : new Sizes(up[1], down[1] * kernel[2] * kernel[3], down[0]);
        }

        static Sizes of(long @Nullable [] kernel, long @Nullable [] up, long @Nullable [] down) {
            return kernel == null ? product(up, down) : tucker(kernel, up, down);
        }
    }

    private static long @Nullable [] flat(long @Nullable [] sizes) {
        if (sizes == null || sizes.length < 2) {
            return null;
        }
        long rest = 1;
        for (int i = 1; i < sizes.length; i++) {
            rest *= sizes[i];
        }
        return new long[] {sizes[0], rest};
    }

    private static long @Nullable [] reversed(long @Nullable [] sizes) {
        return sizes == null ? null : new long[] {sizes[1], sizes[0]};
    }

    private static Tensor given(Map<LoraPart, Tensor> tensors, LoraPart part) {
        return java.util.Objects.requireNonNull(tensors.get(part), part.text());
    }

    private static Tensor flat(Map<LoraPart, Tensor> tensors, LoraPart part) {
        return given(tensors, part).flatten(1, -1);
    }

    private static Tensor rebuilt(@Nullable Tensor kernel, Tensor up, Tensor down) {
        return kernel == null ? up.mm(down) : tucker(kernel, up, down);
    }

    /**
     * Σ up[i, p]·kernel[i, j, k, l]·down[j, q].
     *
     * @param kernel (r, r, k, k)
     * @param up (r, out)
     * @param down (r, in)
     * @return (out, in·k·k)
     */
    private static Tensor tucker(Tensor kernel, Tensor up, Tensor down) {
        return up.t()
                .matmul(kernel.permute(2, 3, 0, 1))
                .matmul(down)
                .permute(2, 3, 0, 1)
                .flatten(1, -1);
    }
}
