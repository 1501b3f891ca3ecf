// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Big-endian numbers as little-endian ones. It is read in whole numbers only.
 *
 * @param width bytes of a number
 */
record SwappedBytes(ByteSource original, int width) implements ByteSource {
    @Override
    public long size() {
        return original.size();
    }

    @Override
    public void read(long position, ByteBuffer target) {
        ByteBuffer written = target.duplicate();
        original.read(position, target);
        ByteBuffer from = written.duplicate().order(ByteOrder.BIG_ENDIAN);
        ByteBuffer to = written.order(ByteOrder.LITTLE_ENDIAN);
        while (from.hasRemaining()) {
            switch (width) {
                case 1 -> to.put(from.get());
                case 2 -> to.putShort(from.getShort());
                case 4 -> to.putInt(from.getInt());
                default -> to.putLong(from.getLong());
            }
        }
    }
}
