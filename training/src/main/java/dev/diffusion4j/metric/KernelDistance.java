// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.metric;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The kernel distance of two sets of features with k(a, b) = (a·b/D + 1)³, unbiased: KID, Bińkowski et al. (2018). It may be
 * slightly negative where the sets are alike.
 *
 * @param mean over the subsets
 * @param deviation between the subsets: {@code numpy.std}, of blocks with the divisor n − 1 and NaN of a single one
 * @param subsets how many were drawn
 * @param subsetSize features of each in a subset
 */
public record KernelDistance(double mean, double deviation, int subsets, int subsetSize) {
    private static final int DEGREE = 3;

    /**
     * Over random subsets, those that torch-fidelity draws for the same seed.
     *
     * @param first {@code (N, D)}
     * @param second {@code (M, D)}
     * @throws IllegalArgumentException where a set is smaller than a subset
     */
    public static KernelDistance of(Tensor first, Tensor second, int subsets, int subsetSize, int seed) {
        List<Subset> drawn = subsets(first.size(0), second.size(0), subsets, subsetSize, seed);
        double[] distances = drawn.stream()
                .mapToDouble(subset ->
                        TensorScope.compute(() -> unbiased(rows(first, subset.ofFirst), rows(second, subset.ofSecond))))
                .toArray();
        return ofSubsets(distances, subsetSize);
    }

    /**
     * Which rows of two sets are compared with each other.
     *
     * @param ofFirst rows of the first set, in the order in which they were drawn
     * @param ofSecond rows of the second
     */
    public record Subset(int[] ofFirst, int[] ofSecond) {}

    /**
     * The subsets that {@link #of} takes, for who works out their distances elsewhere, by {@link #unbiased}.
     *
     * @param first features of the first set
     * @param second features of the second
     * @throws IllegalArgumentException where a set is smaller than a subset
     */
    public static List<Subset> subsets(long first, long second, int subsets, int subsetSize, int seed) {
        Check.positive(subsets, "subsets");
        Check.inRange(subsetSize, 2, Integer.MAX_VALUE, "subset_size");
        checkSubset(first, second, subsetSize);
        NumpyRandom random = new NumpyRandom(seed);
        List<Subset> drawn = new ArrayList<>();
        for (int i = 0; i < subsets; i++) {
            int[] ofFirst = random.choose(Math.toIntExact(first), subsetSize);
            drawn.add(new Subset(ofFirst, random.choose(Math.toIntExact(second), subsetSize)));
        }
        return drawn;
    }

    /** Of the distances of all subsets, in their order. */
    public static KernelDistance ofSubsets(double[] distances, int subsetSize) {
        double mean = mean(distances);
        double squares = 0;
        for (double distance : distances) {
            squares += (distance - mean) * (distance - mean);
        }
        return new KernelDistance(mean, Math.sqrt(squares / distances.length), distances.length, subsetSize);
    }

    /**
     * Whether sets of these sizes have such subsets.
     *
     * @throws IllegalArgumentException where they have not
     */
    public static void checkSubset(long first, long second, int subsetSize) {
        long smaller = Math.min(first, second);
        Check.that(
                smaller >= subsetSize,
                "KID takes subsets of " + subsetSize + " pictures, but there are only " + smaller
                        + ": give more pictures, or a smaller subset size");
    }

    /**
     * Over blocks that share no picture: the rows are cut, in their order, into as many blocks of at least {@code size} as can be
     * had, and a block of one set is compared with that of the other. So {@link #standardError()} is that of another sample of
     * pictures too, not of other subsets of the same ones. A batch-wise KID, as Keras' metric has it, is this.
     *
     * @param first {@code (N, D)}, in an order by chance
     * @param second {@code (M, D)}
     * @param size pictures of a block, at least 2
     * @throws IllegalArgumentException where a set is smaller than a block
     */
    public static KernelDistance ofBlocks(Tensor first, Tensor second, int size) {
        Check.inRange(size, 2, Integer.MAX_VALUE, "block");
        long smaller = Math.min(first.size(0), second.size(0));
        Check.that(
                smaller >= size,
                "KID takes blocks of " + size + " pictures, but there are only " + smaller
                        + ": give more pictures, or a smaller block");
        int blocks = (int) (smaller / size);
        double[] distances = new double[blocks];
        for (int i = 0; i < blocks; i++) {
            int block = i;
            distances[i] =
                    TensorScope.compute(() -> unbiased(block(first, block, blocks), block(second, block, blocks)));
        }
        double mean = mean(distances);
        double squares = 0;
        for (double distance : distances) {
            squares += (distance - mean) * (distance - mean);
        }
        return new KernelDistance(mean, Math.sqrt(squares / (blocks - 1)), blocks, size);
    }

    private static Tensor block(Tensor features, int block, int blocks) {
        long start = features.size(0) * block / blocks;
        return features.narrow(0, start, features.size(0) * (block + 1) / blocks - start);
    }

    private static double mean(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum / values.length;
    }

    private static Tensor rows(Tensor features, int[] indexes) {
        long[] wide = new long[indexes.length];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = indexes[i];
        }
        return features.index_select(0, Tensors.ofLongs(wide)).to(ScalarType.Double);
    }

    /** The standard error of the mean: by how much it would vary with other subsets of as many; NaN of a single one. */
    public double standardError() {
        return subsets == 1 ? Double.NaN : deviation / Math.sqrt(subsets);
    }

    /**
     * Of all of two sets, without subsets.
     *
     * @param first {@code (N, D)}, N at least 2
     * @param second {@code (M, D)}, M at least 2
     */
    public static double unbiased(Tensor first, Tensor second) {
        return TensorScope.compute(() -> {
            Tensor a = first.to(ScalarType.Double);
            Tensor b = second.to(ScalarType.Double);
            double n = a.size(0);
            double m = b.size(0);
            return (kernel(a, a).sum().item_double() - diagonal(a)) / (n * (n - 1))
                    + (kernel(b, b).sum().item_double() - diagonal(b)) / (m * (m - 1))
                    - 2 * kernel(a, b).sum().item_double() / (n * m);
        });
    }

    private static Tensor kernel(Tensor a, Tensor b) {
        return a.mm(b.t())
                .div_(new Scalar((double) a.size(1)))
                .add_(new Scalar(1.0))
                .pow_(new Scalar(DEGREE));
    }

    private static double diagonal(Tensor a) {
        return a.square()
                .sum(1)
                .div_(new Scalar((double) a.size(1)))
                .add_(new Scalar(1.0))
                .pow_(new Scalar(DEGREE))
                .sum()
                .item_double();
    }
}
