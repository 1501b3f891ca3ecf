// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import dev.diffusion4j.base.Problem;
import java.io.InputStream;
import java.nio.ByteBuffer;

/** Bytes that can be read from any place: a file, or a part of one. */
interface ByteSource {

    /** How many there are. */
    long size();

    /**
     * Fills {@code target} up to its limit.
     *
     * @throws Problem (a failure) where the bytes end before, or cannot be read
     */
    void read(long position, ByteBuffer target);

    /** The bytes from {@code begin} to before {@code end}, in order. */
    default InputStream stream(long begin, long end) {
        return new InputStream() {
            private long position = begin;

            @Override
            public int read() {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] bytes, int offset, int length) {
                int count = (int) Math.min(length, end - position);
                if (count <= 0) {
                    return length == 0 ? 0 : -1;
                }
                ByteSource.this.read(position, ByteBuffer.wrap(bytes, offset, count));
                position += count;
                return count;
            }
        };
    }
}
