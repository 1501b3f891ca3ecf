// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.evaluation;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.metric.KernelDistance;
import org.bytedeco.pytorch.Tensor;

/**
 * Over which subsets a KID is taken.
 *
 * @param subsets how many
 * @param subsetSize pictures of each; 0 for 1000, or half of the smaller set where that is less
 * @param seed of the drawing of subsets
 */
public record KidSettings(int subsets, int subsetSize, int seed) {
    /** torch-fidelity's. */
    public static final KidSettings DEFAULT = new KidSettings(100, 0, 2020);

    private static final int USUAL_SIZE = 1000;
    private static final int LEAST = 4;

    public KidSettings {
        Check.positive(subsets, "subsets");
        Check.notNegative(subsetSize, "subset-size");
        Check.that(subsetSize != 1, "subset-size must be at least 2, but was 1");
    }

    /**
     * Pictures of a subset of sets of these sizes.
     *
     * @throws Problem (a wrong request), or IllegalArgumentException, where there are too few
     */
    public int sizeFor(long first, long second) {
        long smaller = Math.min(first, second);
        if (subsetSize == 0 && smaller < LEAST) {
            throw Problem.request("KID needs at least " + LEAST + " pictures on either side, but there are " + first
                    + " and " + second);
        }
        int size = subsetSize == 0 ? (int) Math.min(USUAL_SIZE, smaller / 2) : subsetSize;
        KernelDistance.checkSubset(first, second, size);
        return size;
    }

    /**
     * The distance of two sets of features.
     *
     * @param first {@code (N, D)}
     * @param second {@code (M, D)}
     * @throws Problem (a wrong request) where there are too few
     */
    KernelDistance distance(Tensor first, Tensor second) {
        return KernelDistance.of(first, second, subsets, sizeFor(first.size(0), second.size(0)), seed);
    }
}
