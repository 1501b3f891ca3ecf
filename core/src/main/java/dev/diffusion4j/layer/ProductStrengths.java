// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import dev.diffusion4j.tensor.Tensors;
import java.util.Arrays;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * How strongly each picture of a batch sees the {@linkplain LowRank low-rank products} of the networks that are run. As {@link TrainingMode} it is a
 * property of the call, not of a network.
 */
public final class ProductStrengths {
    private static final ThreadLocal<@Nullable Tensor> CURRENT = new ThreadLocal<>();

    private ProductStrengths() {}

    /**
     * Runs {@code body}.
     *
     * @param strengths f32 {@code (pictures)}; 1 is the product as it is; borrowed until the backward pass is done; {@code null} for 1 everywhere
     */
    public static <R> R run(@Nullable Tensor strengths, Supplier<R> body) {
        Tensor outer = CURRENT.get();
        set(strengths);
        try {
            return body.get();
        } finally {
            set(outer);
        }
    }

    private static void set(@Nullable Tensor strengths) {
        if (strengths == null) {
            CURRENT.remove();
        } else {
            CURRENT.set(strengths);
        }
    }

    /** Those of the current thread, to be handed on; {@code null} for 1 everywhere. */
    static @Nullable Tensor current() {
        return CURRENT.get();
    }

    /**
     * What pictures see of {@code values}.
     *
     * @param values {@code (pictures, …)}, of any dtype; borrowed
     * @return {@code values} themselves where all strengths are 1, else a new tensor of the current scope
     */
    static Tensor applied(Tensor values) {
        Tensor strengths = CURRENT.get();
        if (strengths == null) {
            return values;
        }
        long[] shape = new long[(int) values.dim()];
        Arrays.fill(shape, 1);
        shape[0] = strengths.size(0);
        return values.mul(strengths.to(values.device(), Tensors.type(values)).view(shape));
    }
}
