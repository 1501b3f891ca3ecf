// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** Weighted sums of tensors; the weights are {@code double}. Results belong to the current scope. */
final class Combine {
    private Combine() {}

    /** a·x. */
    static Tensor scale(double a, Tensor x) {
        return TensorScope.keepResult(() -> x.mul(new Scalar(a)));
    }

    /** a·x + b·y. */
    static Tensor sum(double a, Tensor x, double b, Tensor y) {
        return TensorScope.keepResult(() -> x.mul(new Scalar(a)).add(y, new Scalar(b)));
    }

    /** a·x + b·y + c·z. */
    static Tensor sum(double a, Tensor x, double b, Tensor y, double c, Tensor z) {
        return TensorScope.keepResult(() -> x.mul(new Scalar(a)).add(y, new Scalar(b)).add(z, new Scalar(c)));
    }
}
