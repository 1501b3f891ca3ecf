// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import dev.diffusion4j.base.HeapShare;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The table of contents at the end of a zip file, also of one over 4 GiB. The JDK's own reader does not say where in the
 * file a record's bytes are, which is what reading them straight into a tensor needs. Format:
 * https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT.
 */
final class ZipDirectory {
    private static final int MAX_BYTES = HeapShare.count(100_000_000, 8);
    private static final int END_SIZE = 22;
    private static final int LONGEST_COMMENT = 0xffff;
    private static final int LOCATOR_SIZE = 20;
    private static final int END64_SIZE = 56;
    private static final int ENTRY_SIZE = 46;
    private static final int LOCAL_SIZE = 30;
    private static final long IN_ZIP64 = 0xffffffffL;

    private static final int END = 0x06054b50;
    private static final int LOCATOR = 0x07064b50;
    private static final int END64 = 0x06064b50;
    private static final int ENTRY = 0x02014b50;
    private static final int LOCAL = 0x04034b50;

    /**
     * @param method 0: as it is; 8: deflated
     * @param packedSize bytes in the file
     * @param size bytes when unpacked
     * @param header where its own header begins in the file
     */
    private record Entry(String name, int flags, int method, long packedSize, long size, long header) {}

    /** A record's bytes: {@code size} of them from {@code begin} on. */
    record Part(ByteSource source, long begin, long size) {}

    private final ByteSource file;
    private final String where;
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    /** @throws dev.diffusion4j.base.Problem where the table is not sound */
    ZipDirectory(ByteSource file, String where) {
        this.file = file;
        this.where = where;
        readTable();
    }

    Iterable<String> names() {
        return entries.keySet();
    }

    boolean has(String name) {
        return entries.containsKey(name);
    }

    /** The bytes of the record, which must be there. */
    Part open(String name) {
        Entry entry = entries.get(name);
        if (entry == null) {
            throw TorchPickle.broken(where, "it has no record '" + name + "'");
        }
        if ((entry.flags & 1) != 0 || (entry.method != 0 && entry.method != 8)) {
            throw TorchPickle.broken(where, "its record '" + name + "' is encrypted or packed by an unknown method");
        }
        ByteBuffer local = bytes(entry.header, LOCAL_SIZE);
        if (local.getInt(0) != LOCAL) {
            throw TorchPickle.broken(where, "its record '" + name + "' is not where its table of contents says");
        }
        long begin = entry.header + LOCAL_SIZE + u16(local, 26) + u16(local, 28);
        if (entry.packedSize > file.size() - begin) {
            throw TorchPickle.broken(where, "its record '" + name + "' reaches beyond the end of the file");
        }
        if (entry.method == 0) {
            if (entry.packedSize != entry.size) {
                throw TorchPickle.broken(where, "its record '" + name + "' has two sizes");
            }
            return new Part(file, begin, entry.size);
        }
        return new Part(new InflatedBytes(file, begin, entry.packedSize, entry.size, where), 0, entry.size);
    }

    private void readTable() {
        int tail = (int) Math.min(file.size(), END_SIZE + LONGEST_COMMENT);
        ByteBuffer buffer = bytes(file.size() - tail, tail);
        int at = tail - END_SIZE;
        while (at >= 0 && (buffer.getInt(at) != END || at + END_SIZE + u16(buffer, at + 20) > tail)) {
            at--;
        }
        if (at < 0) {
            throw TorchPickle.broken(where, "its table of contents is missing; it was cut short, fetch it again");
        }
        long count = u16(buffer, at + 10);
        long size = u32(buffer, at + 12);
        long begin = u32(buffer, at + 16);
        long end = file.size() - tail + at;
        if (count == 0xffff || size == IN_ZIP64 || begin == IN_ZIP64) {
            ByteBuffer large = end64(end);
            count = large.getLong(32);
            size = large.getLong(40);
            begin = large.getLong(48);
        }
        if (begin < 0 || size < 0 || size > MAX_BYTES || begin > end - size || count < 0 || count > size / ENTRY_SIZE) {
            throw TorchPickle.broken(
                    where, "its table of contents would have " + count + " records in " + size + " bytes at " + begin);
        }
        ByteBuffer table = bytes(begin, (int) size);
        for (long i = 0; i < count; i++) {
            entry(table);
        }
    }

    private ByteBuffer end64(long end) {
        if (end >= LOCATOR_SIZE) {
            ByteBuffer locator = bytes(end - LOCATOR_SIZE, LOCATOR_SIZE);
            long at = locator.getLong(8);
            if (locator.getInt(0) == LOCATOR && at >= 0 && at <= end - END64_SIZE) {
                ByteBuffer found = bytes(at, END64_SIZE);
                if (found.getInt(0) == END64) {
                    return found;
                }
            }
        }
        throw TorchPickle.broken(where, "its table of contents for large files is missing");
    }

    /** Reads the entry at the table's position and moves on to the next. */
    private void entry(ByteBuffer table) {
        int at = table.position();
        if (table.remaining() < ENTRY_SIZE || table.getInt(at) != ENTRY) {
            throw TorchPickle.broken(where, "its table of contents is damaged");
        }
        int nameLength = u16(table, at + 28);
        int extraLength = u16(table, at + 30);
        int length = ENTRY_SIZE + nameLength + extraLength + u16(table, at + 32);
        if (table.remaining() < length) {
            throw TorchPickle.broken(where, "its table of contents is damaged");
        }
        String name = new String(table.array(), at + ENTRY_SIZE, nameLength, StandardCharsets.UTF_8);
        ByteBuffer extra =
                table.slice(at + ENTRY_SIZE + nameLength, extraLength).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer large = zip64(extra);
        long size = large(u32(table, at + 24), large, name);
        long packed = large(u32(table, at + 20), large, name);
        long header = large(u32(table, at + 42), large, name);
        if (header > file.size() - LOCAL_SIZE || packed > file.size()) {
            throw TorchPickle.broken(where, "its record '" + name + "' reaches beyond the end of the file");
        }
        Entry entry = new Entry(name, u16(table, at + 8), u16(table, at + 10), packed, size, header);
        if (entries.put(name, entry) != null) {
            throw TorchPickle.broken(where, "its record '" + name + "' is there twice");
        }
        table.position(at + length);
    }

    /** The field of an entry that holds what does not fit 32 bits; empty where there is none. */
    private static ByteBuffer zip64(ByteBuffer extra) {
        int at = 0;
        while (extra.limit() - at >= 4) {
            int length = u16(extra, at + 2);
            if (u16(extra, at) == 1 && length <= extra.limit() - at - 4) {
                return extra.slice(at + 4, length).order(ByteOrder.LITTLE_ENDIAN);
            }
            at += 4 + length;
        }
        return ByteBuffer.allocate(0);
    }

    private long large(long value, ByteBuffer zip64, String name) {
        if (value != IN_ZIP64) {
            return value;
        }
        long large = zip64.remaining() < 8 ? -1 : zip64.getLong();
        if (large < 0) {
            throw TorchPickle.broken(where, "the size of its record '" + name + "' is missing");
        }
        return large;
    }

    private ByteBuffer bytes(long position, int length) {
        ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        file.read(position, bytes);
        return bytes.flip();
    }

    private static int u16(ByteBuffer buffer, int at) {
        return buffer.getShort(at) & 0xffff;
    }

    private static long u32(ByteBuffer buffer, int at) {
        return buffer.getInt(at) & 0xffffffffL;
    }
}
