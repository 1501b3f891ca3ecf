// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/**
 * How a tensor's numbers lie in a file, and the way from there into memory.
 *
 * @param sizes of the tensor, all >= 0
 * @param strides from one number to the next along each dimension, in numbers, all >= 0
 */
record NumberLayout(DType dtype, long[] sizes, long[] strides) {
    /** Bytes read in one call. */
    private static final int CHUNK = 1 << 24;
    /**
     * Numbers held while they are converted or put into another order. LibTorch copies fewer than 32768 on one thread: they
     * stay in its cache, and no other thread must be waited for, which on a busy machine costs more than the copy.
     */
    private static final int BUFFER = 32_767;

    /** One after the other, the last dimension fastest. */
    static NumberLayout rowMajor(DType dtype, long... sizes) {
        long[] strides = new long[sizes.length];
        long stride = 1;
        for (int i = sizes.length - 1; i >= 0; i--) {
            strides[i] = stride;
            stride *= Math.max(sizes[i], 1);
        }
        return new NumberLayout(dtype, sizes, strides);
    }

    /** Numbers from the first to the last, both included; 0 for an empty tensor. */
    long span() {
        if (Arrays.stream(sizes).anyMatch(size -> size == 0)) {
            return 0;
        }
        long last = 0;
        for (int i = 0; i < sizes.length; i++) {
            last = Math.addExact(last, Math.multiplyExact(sizes[i] - 1, strides[i]));
        }
        return Math.addExact(last, 1);
    }

    private boolean isRowMajor() {
        long expected = 1;
        for (int i = sizes.length - 1; i >= 0; i--) {
            if (sizes[i] != 1 && strides[i] != expected) {
                return false;
            }
            expected *= sizes[i];
        }
        return true;
    }

    /**
     * Reads the tensor whose first number is at {@code position}. Where dtype and layout agree, the file is read straight into
     * the tensor's memory, else through one small buffer.
     *
     * @param target of the same sizes; of any dtype, layout and device
     */
    void read(ByteSource source, long position, Tensor target) {
        long span = span();
        if (span == 0) {
            return;
        }
        boolean same = target.scalar_type().intern() == dtype.scalarType() && target.is_cpu() && target.is_contiguous();
        if (same && isRowMajor()) {
            fill(source, position, target, Tensors.byteSize(target));
            return;
        }
        TensorScope.run(() -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                Tensor buffer = Tensors.empty(dtype.scalarType(), Math.min(span, BUFFER));
                readPieces(source, position, target, buffer);
            }
        });
    }

    /** Halves the tensor along the dimension that reaches farthest, until a piece's numbers fit the buffer. */
    private void readPieces(ByteSource source, long position, Tensor target, Tensor buffer) {
        long span = span();
        if (span <= buffer.numel()) {
            fill(source, position, buffer, span * dtype.bytes());
            TensorScope.run(() -> target.copy_(buffer.as_strided(sizes, strides)));
            return;
        }
        int widest = 0;
        for (int i = 1; i < sizes.length; i++) {
            if ((sizes[i] - 1) * strides[i] > (sizes[widest] - 1) * strides[widest]) {
                widest = i;
            }
        }
        int dimension = widest;
        long half = sizes[dimension] / 2;
        long middle = position + half * strides[dimension] * dtype.bytes();
        TensorScope.run(() ->
                withSize(dimension, half).readPieces(source, position, target.narrow(dimension, 0, half), buffer));
        long rest = sizes[dimension] - half;
        TensorScope.run(() ->
                withSize(dimension, rest).readPieces(source, middle, target.narrow(dimension, half, rest), buffer));
    }

    private NumberLayout withSize(int dimension, long size) {
        long[] changed = sizes.clone();
        changed[dimension] = size;
        return new NumberLayout(dtype, changed, strides);
    }

    private static void fill(ByteSource source, long position, Tensor memory, long bytes) {
        for (long done = 0; done < bytes; ) {
            int length = (int) Math.min(CHUNK, bytes - done);
            ByteBuffer part = Tensors.memory(memory, done, length);
            source.read(position + done, part);
            done += length;
        }
    }
}
