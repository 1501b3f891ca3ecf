// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** PyTorch's default start values. */
public final class Init {
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

    /** Glorot &amp; Bengio (2010) uniform for the weights of all convolutions in {@code root}, zero for their biases. */
    public static void glorotConvolutions(Layer root, RandomStream random) {
        for (Layer part : root.childLayers().values()) {
            if (part instanceof Conv2d conv) {
                TensorScope.run(() -> glorot(conv.weight(), conv.bias(), random));
            }
            glorotConvolutions(part, random);
        }
    }

    private static void glorot(Tensor weight, @Nullable Tensor bias, RandomStream random) {
        long field = weight.size(2) * weight.size(3);
        double bound = Math.sqrt(6.0 / (field * (weight.size(0) + weight.size(1))));
        random.uniform(weight, -bound, bound);
        if (bias != null) {
            fill(bias, 0);
        }
    }

    /** Overwrites all of it. */
    public static void fill(Tensor tensor, double value) {
        try (Scalar scalar = new Scalar(value)) {
            tensor.fill_(scalar);
        }
    }
}
