// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import dev.diffusion4j.tensor.Shapes;
import java.util.List;

/**
 * One tensor of a weights file.
 *
 * @param name its name in the file
 * @param dtype its number format
 * @param shape its sizes; empty for a scalar
 */
public record TensorInfo(String name, DType dtype, List<Long> shape) {
    /** LibTorch's own bound. */
    private static final int MAX_DIMENSIONS = 64;

    public TensorInfo {
        shape = List.copyOf(shape);
    }

    /** The sizes as an array. */
    public long[] sizes() {
        return shape.stream().mapToLong(Long::longValue).toArray();
    }

    /** How many numbers. */
    public long count() {
        return Shapes.count(sizes());
    }

    /** How many bytes in the file. */
    public long byteSize() {
        return Math.multiplyExact(count(), dtype.bytes());
    }

    /** Whether LibTorch can count its numbers, and its bytes, with 64 bits; strides of empty tensors included. */
    boolean isPossible() {
        try {
            long bytes = dtype.bytes();
            for (long size : shape) {
                bytes = Math.multiplyExact(bytes, Math.max(size, 1));
            }
            return shape.size() <= MAX_DIMENSIONS;
        } catch (ArithmeticException e) {
            return false;
        }
    }
}
