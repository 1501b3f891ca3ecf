// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import dev.diffusion4j.base.Problem;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a deflated record. PyTorch writes none, but other tools that pack its files anew do. Reading onwards costs
 * nothing more; reading backwards begins anew. Thread-safe.
 */
final class InflatedBytes implements ByteSource {
    /** No deflated byte can stand for more. */
    private static final long MOST_PER_BYTE = 1032;

    private static final int CHUNK = 1 << 16;

    private final ByteSource file;
    private final long begin;
    private final long packedSize;
    private final long size;
    private final String where;
    private @Nullable Inflater inflater; // holds native memory, so only while it is being read
    private long taken;
    private long position;

    /** @throws Problem where so many bytes cannot come of so few */
    InflatedBytes(ByteSource file, long begin, long packedSize, long size, String where) {
        if (size / MOST_PER_BYTE > packedSize) {
            throw TorchPickle.broken(where, "a record claims to unpack " + packedSize + " bytes to " + size);
        }
        this.file = file;
        this.begin = begin;
        this.packedSize = packedSize;
        this.size = size;
        this.where = where;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public synchronized void read(long from, ByteBuffer target) {
        if (inflater == null || from < position) {
            end();
            inflater = new Inflater(true);
            taken = 0;
            position = 0;
        }
        ByteBuffer skipped = ByteBuffer.allocate((int) Math.min(CHUNK, from - position));
        while (position < from) {
            skipped.clear().limit((int) Math.min(skipped.capacity(), from - position));
            inflate(inflater, skipped);
        }
        inflate(inflater, target);
        if (position == size) {
            end();
        }
    }

    private void inflate(Inflater from, ByteBuffer target) {
        try {
            while (target.hasRemaining()) {
                int n = from.inflate(target);
                position += n;
                if (n > 0) {
                    continue;
                }
                if (!from.needsInput() || taken == packedSize) {
                    throw broken();
                }
                ByteBuffer packed = ByteBuffer.allocate((int) Math.min(CHUNK, packedSize - taken));
                file.read(begin + taken, packed);
                taken += packed.position();
                from.setInput(packed.flip());
            }
        } catch (DataFormatException e) {
            throw broken();
        }
    }

    private void end() {
        if (inflater != null) {
            inflater.end();
            inflater = null;
        }
    }

    private Problem broken() {
        return TorchPickle.broken(where, "a packed record ends early or is damaged");
    }
}
