// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.metric;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * How many features there are, their mean and how they scatter about it: all that {@link FrechetDistance} needs of a set, from parts that
 * may be worked out in different places and put together in their order ({@link #plus}). The scatter is about the parts' own means, so that nothing cancels
 * as it would in sums of squares: Chan, Golub &amp; LeVeque (1979).
 *
 * @param count how many features
 * @param mean {@code D} numbers
 * @param scatter {@code D·D} numbers, row by row: Σ (x − mean)(x − mean)ᵀ
 */
public record FeatureMoments(long count, double[] mean, double[] scatter) {
    /** Features of a part: {@link #of(Tensor)} cuts a set into parts of so many, so that the same parts give the same bits elsewhere. */
    public static final int PART = 4096;

    public FeatureMoments {
        Check.that(count > 0, "moments are those of at least one picture");
        Check.that(
                scatter.length == mean.length * mean.length,
                "the scatter of " + mean.length + " numbers cannot be " + scatter.length + " numbers");
    }

    /**
     * Of a whole set, part by part.
     *
     * @param features {@code (N, D)}, N at least 1
     */
    public static FeatureMoments of(Tensor features) {
        FeatureMoments all = null;
        for (long start = 0; start < features.size(0); start += PART) {
            long first = start;
            FeatureMoments part = TensorScope.compute(
                    () -> ofPart(features.narrow(0, first, Math.min(PART, features.size(0) - first))));
            all = all == null ? part : all.plus(part);
        }
        return Check.given(all, "features");
    }

    /** @param features of one part */
    private static FeatureMoments ofPart(Tensor features) {
        Tensor wide = features.to(ScalarType.Double);
        Tensor mean = wide.mean(0);
        Tensor centred = wide.sub(mean);
        return new FeatureMoments(
                features.size(0), doubles(mean), doubles(centred.t().mm(centred)));
    }

    private static double[] doubles(Tensor tensor) {
        double[] values = new double[Math.toIntExact(tensor.numel())];
        try (DoublePointer data = tensor.contiguous().data_ptr_double()) {
            data.get(values, 0, values.length);
        }
        return values;
    }

    private static Tensor tensor(double[] values, long... shape) {
        Tensor tensor = Tensors.empty(ScalarType.Double, shape);
        try (DoublePointer data = tensor.data_ptr_double()) {
            data.put(values, 0, values.length);
        }
        return tensor;
    }

    /**
     * Those of this set and another one together.
     *
     * @param other of as many numbers
     */
    public FeatureMoments plus(FeatureMoments other) {
        Check.that(
                mean.length == other.mean.length,
                "features of " + mean.length + " numbers cannot be put together with those of " + other.mean.length);
        long all = count + other.count;
        int size = mean.length;
        double[] difference = new double[size];
        double[] mixed = new double[size];
        for (int i = 0; i < size; i++) {
            difference[i] = other.mean[i] - mean[i];
            mixed[i] = mean[i] + difference[i] * other.count / all;
        }
        double weight = (double) count * other.count / all;
        double[] both = new double[scatter.length];
        for (int i = 0; i < size; i++) {
            for (int j = 0; j < size; j++) {
                int at = i * size + j;
                both[at] = scatter[at] + other.scatter[at] + weight * difference[i] * difference[j];
            }
        }
        return new FeatureMoments(all, mixed, both);
    }

    /** {@code float64 (D)}, owned by the current scope. */
    Tensor meanTensor() {
        return tensor(mean, mean.length);
    }

    /** {@code float64 (D, D)}, with the divisor N − 1, owned by the current scope. */
    Tensor covariance() {
        return tensor(scatter, mean.length, mean.length).div_(new Scalar((double) (count - 1)));
    }
}
