// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;

/** Shapes as text, for messages and checks. */
public final class Shapes {
    private Shapes() {}

    /** {@code (1, 3, 32, 32)}. */
    public static String text(long... shape) {
        return Arrays.stream(shape).mapToObj(Long::toString).collect(Collectors.joining(", ", "(", ")"));
    }

    /** {@code (1, 3, 32, 32)}. */
    public static String text(Tensor tensor) {
        return text(Tensors.shape(tensor));
    }

    /** The product of all sizes; 1 for a scalar. */
    public static long count(long... shape) {
        long product = 1;
        for (long size : shape) {
            product = Math.multiplyExact(product, size);
        }
        return product;
    }
}
