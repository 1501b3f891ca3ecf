// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Makes files by hand, sound ones and others. */
final class Craft {
    private Craft() {}

    /** A safetensors file with this header, and that many bytes of data. */
    static byte[] safetensors(String header, int data) {
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(8 + text.length + data)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(text.length)
                .put(text)
                .array();
    }

    /** One tensor's description. */
    static String tensor(String name, String dtype, String shape, long begin, long end) {
        return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":[" + begin + ","
                + end + "]}";
    }

    /** A file of today's format around a pickle, with storages by key. */
    static byte[] zip(byte[] pickle, Map<String, byte[]> storages) {
        Map<String, byte[]> records = new TreeMap<>();
        records.put("archive/data.pkl", pickle);
        storages.forEach((key, bytes) -> records.put("archive/data/" + key, bytes));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(out)) {
            zip.setMethod(ZipOutputStream.STORED);
            for (Map.Entry<String, byte[]> record : records.entrySet()) {
                ZipEntry entry = new ZipEntry(record.getKey());
                CRC32 crc = new CRC32();
                crc.update(record.getValue());
                entry.setCrc(crc.getValue());
                entry.setSize(record.getValue().length);
                zip.putNextEntry(entry);
                zip.write(record.getValue());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    /** A pickle that is written instruction by instruction. */
    static final class Pickle {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        Pickle op(int... ops) {
            for (int op : ops) {
                out.write(op);
            }
            return this;
        }

        Pickle times(int count, int op) {
            byte[] many = new byte[count];
            java.util.Arrays.fill(many, (byte) op);
            out.writeBytes(many);
            return this;
        }

        Pickle i32(int value) {
            out.writeBytes(ByteBuffer.allocate(4)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt(value)
                    .array());
            return this;
        }

        Pickle i64(long value) {
            out.writeBytes(ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(value)
                    .array());
            return this;
        }

        /** Pushes a whole number. */
        Pickle number(long value) {
            return op(PickleOp.LONG1, 8).i64(value);
        }

        Pickle numbers(long... values) {
            op(PickleOp.MARK);
            for (long value : values) {
                number(value);
            }
            return op(PickleOp.TUPLE);
        }

        Pickle text(String text) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            op(PickleOp.BINUNICODE).i32(bytes.length);
            out.writeBytes(bytes);
            return this;
        }

        Pickle global(String module, String name) {
            out.writeBytes(("c" + module + "\n" + name + "\n").getBytes(StandardCharsets.UTF_8));
            return this;
        }

        Pickle storage(String type, String key, long count) {
            return op(PickleOp.MARK)
                    .text("storage")
                    .global("torch", type)
                    .text(key)
                    .text("cpu")
                    .number(count)
                    .op(PickleOp.TUPLE, PickleOp.BINPERSID);
        }

        /** Pushes a tensor of f32, a view of storage "0". */
        Pickle tensor(long count, long offset, long[] sizes, long[] strides) {
            return global("torch._utils", "_rebuild_tensor_v2")
                    .op(PickleOp.MARK)
                    .storage("FloatStorage", "0", count)
                    .number(offset)
                    .numbers(sizes)
                    .numbers(strides)
                    .op(PickleOp.NEWFALSE, PickleOp.EMPTY_DICT, PickleOp.TUPLE, PickleOp.REDUCE);
        }

        byte[] end() {
            return op(PickleOp.STOP).bytes();
        }

        byte[] bytes() {
            return out.toByteArray();
        }
    }
}
