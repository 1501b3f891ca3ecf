// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import org.jspecify.annotations.Nullable;

/** Raw numbers in a PyTorch file that tensors are views of. Where they lie may be known only after the pickle was read. */
final class TorchStorage {
    private final String key;
    private final DType dtype;
    private final long bytes;
    private @Nullable ByteSource source;
    private long begin;

    /** @throws ArithmeticException where so many numbers cannot be */
    TorchStorage(String key, DType dtype, long count) {
        this.key = key;
        this.dtype = dtype;
        this.bytes = Math.multiplyExact(count, dtype.bytes());
    }

    String key() {
        return key;
    }

    /** What its own class says; {@code U8} for one of raw bytes. */
    DType dtype() {
        return dtype;
    }

    long bytes() {
        return bytes;
    }

    boolean isPlaced() {
        return source != null;
    }

    /** Says where the numbers are. */
    void place(ByteSource in, long at) {
        source = in;
        begin = at;
    }

    /** The bytes it lies in, beginning at {@link #begin}. */
    ByteSource source() {
        if (source == null) {
            throw new IllegalStateException("storage " + key + " has no place");
        }
        return source;
    }

    long begin() {
        return begin;
    }
}
