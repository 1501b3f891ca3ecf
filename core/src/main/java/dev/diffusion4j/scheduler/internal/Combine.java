// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.internal;

import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.tensor.TensorScope;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Weighted sums of tensors; the weights are {@code double}. Results are new tensors (never an
 * argument, which its owner may close) and belong to the current scope. Each product is rounded before it
 * is added, as in the reference, so that where large terms cancel the same little is left.
 */
public final class Combine {
    private Combine() {}

    /** a·x, a new tensor. */
    public static Tensor scale(double a, Tensor x) {
        return x.mul(new Scalar(a));
    }

    /** a·x as a term of a sum: {@code x} itself where a is 1. */
    private static Tensor term(double a, Tensor x) {
        return a == 1 ? x : scale(a, x);
    }

    /** a·x + b·y. */
    public static Tensor sum(double a, Tensor x, double b, Tensor y) {
        return TensorScope.keepResult(() -> term(a, x).add(term(b, y)));
    }

    /** a·x + b·y + c·z. */
    public static Tensor sum(double a, Tensor x, double b, Tensor y, double c, Tensor z) {
        return TensorScope.keepResult(() -> term(a, x).add(term(b, y)).add(term(c, z)));
    }

    /**
     * Σ weights[i]·tensors[i]. A weight of 0 leaves its tensor out, so that what is not used may be infinite.
     *
     * @param weights as many as there are tensors, or fewer
     */
    public static Tensor sum(double[] weights, List<Tensor> tensors) {
        return TensorScope.keepResult(() -> {
            Tensor sum = null;
            for (int i = 0; i < weights.length; i++) {
                if (weights[i] != 0) {
                    sum = sum == null ? scale(weights[i], tensors.get(i)) : sum.add(term(weights[i], tensors.get(i)));
                }
            }
            return sum == null ? scale(0, tensors.get(0)) : sum;
        });
    }

    /** (x − y)/d. */
    public static Tensor difference(Tensor x, Tensor y, double d) {
        return TensorScope.keepResult(() -> x.sub(y).div(new Scalar(d)));
    }

    /** x̂₀ from a network's output on x = alpha·x₀ + sigma·ε. */
    public static Tensor predOriginal(
            PredictionType type, double alpha, double sigma, Tensor modelOutput, Tensor sample) {
        double[] c = type.predOriginalSampleCoefficients(alpha, sigma);
        return TensorScope.keepResult(() -> {
            Tensor numerator =
                    c[0] == 0 ? scale(c[1], modelOutput) : term(c[0], sample).add(term(c[1], modelOutput));
            return c[2] == 1 ? numerator : numerator.div(new Scalar(c[2]));
        });
    }

    /** ε̂ from a network's output on x = alpha·x₀ + sigma·ε. */
    public static Tensor predEpsilon(
            PredictionType type, double alpha, double sigma, Tensor modelOutput, Tensor sample) {
        double[] c = type.predEpsilonCoefficients(alpha, sigma);
        return c[0] == 0 ? scale(c[1], modelOutput) : sum(c[0], sample, c[1], modelOutput);
    }
}
