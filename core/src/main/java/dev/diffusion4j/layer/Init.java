// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import dev.diffusion4j.tensor.RandomStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** PyTorch's default start values. */
final class Init {
    private Init() {}

    /** Kaiming uniform with a = √5 for the weight, U(±1/√fanIn) for the bias: {@code nn.Linear} and {@code nn.Conv2d}. */
    static void kaiming(Tensor weight, @Nullable Tensor bias, long fanIn, RandomStream random) {
        double a = Math.sqrt(5);
        double gain = Math.sqrt(2.0 / (1 + a * a));
        double bound = Math.sqrt(3.0) * (gain / Math.sqrt((double) fanIn));
        random.uniform(weight, -bound, bound);
        if (bias != null) {
            double biasBound = 1 / Math.sqrt((double) fanIn);
            random.uniform(bias, -biasBound, biasBound);
        }
    }

    static void fill(Tensor tensor, double value) {
        try (Scalar scalar = new Scalar(value)) {
            tensor.fill_(scalar);
        }
    }
}
