// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.processor;

import org.bytedeco.pytorch.Tensor;

/** A weight in the order in which oneDNN's kernel reads it, with the operation that uses it. Immutable and thread-safe. */
public interface PackedWeight extends AutoCloseable {
    /** In its own order; {@code to_dense()} gives the plain one back, bit by bit. Borrowed. */
    Tensor weight();

    /** The bytes of what was made of it so far and stays beside it. */
    default long madeBytes() {
        return 0;
    }

    /** Frees it. */
    @Override
    void close();
}
