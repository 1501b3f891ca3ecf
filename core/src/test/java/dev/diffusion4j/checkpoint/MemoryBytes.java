// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import dev.diffusion4j.base.Problem;
import java.nio.ByteBuffer;

/** A file that is only in memory. */
record MemoryBytes(byte[] bytes) implements ByteSource {
    @Override
    public long size() {
        return bytes.length;
    }

    @Override
    public void read(long position, ByteBuffer target) {
        if (position < 0 || target.remaining() > bytes.length - position) {
            throw Problem.failure("it ends");
        }
        target.put(bytes, (int) position, target.remaining());
    }
}
