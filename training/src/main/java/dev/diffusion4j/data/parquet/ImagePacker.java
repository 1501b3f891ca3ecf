// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.parquet;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.decode.ImageHeader;
import dev.diffusion4j.json.Json;
import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.schema.MessageType;
import org.jspecify.annotations.Nullable;

/** Writes an {@link ImagePack} from a table, in one pass. */
public final class ImagePacker {
    /** Gets a picture that a table only names. */
    @FunctionalInterface
    public interface Files {
        /** @throws IOException saying why it cannot be had */
        byte[] read(String path) throws IOException;
    }

    private static final int LARGEST_CLASS = 1_000_000;

    private final ImageColumns columns;
    private final String name;
    private final Files files;
    private final DataOutputStream out;
    private final Map<String, Integer> words = new LinkedHashMap<>();
    private long[] places = new long[1024];
    private int[] entries = new int[3 * 1024];
    private int count;
    private long at;
    private int highestLabel = -1;
    private boolean allGrey = true;
    private int side = -1;

    private ImagePacker(ImageColumns columns, String name, Files files, DataOutputStream out) {
        this.columns = columns;
        this.name = name;
        this.files = files;
        this.out = out;
    }

    /**
     * Goes over all rows of {@code table}; memory holds a page of each column, and 20 bytes a row.
     *
     * @param target whole or not there at all
     * @param name of the table in errors
     * @throws Problem (a failure) where the table is cut short or damaged, a class is no class, or the disk is full
     */
    public static void write(ParquetTable table, ImageColumns columns, Files files, Path target, String name) {
        AtomicFile.writeChannel(target, channel -> {
            DataOutputStream out =
                    new DataOutputStream(new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 18));
            ImagePacker packer = new ImagePacker(columns, name, files, out);
            packer.rows(table);
            packer.end();
        });
    }

    private void rows(ParquetTable table) throws IOException {
        MessageType schema = table.schema();
        List<ColumnDescriptor> leaves = new ArrayList<>(List.of(columns.bytes(schema)));
        int path = add(leaves, columns.path(schema));
        int label = add(leaves, columns.label() == null ? null : leaf(schema, columns.label()));
        int caption = add(leaves, columns.caption() == null ? null : leaf(schema, columns.caption()));
        table.forEachRow(leaves, name, values -> {
            byte[] image = (byte[]) values[0];
            byte[] words = caption < 0 ? null : (byte[]) values[caption];
            String problem = "";
            if (image == null) {
                try {
                    image = named(path < 0 ? null : (byte[]) values[path]);
                } catch (IOException e) {
                    problem = AtomicFile.reason(e);
                }
            }
            row(
                    image,
                    image == null ? problem.getBytes(StandardCharsets.UTF_8) : words,
                    label(label < 0 ? null : values[label]));
        });
    }

    private static int add(List<ColumnDescriptor> leaves, @Nullable ColumnDescriptor leaf) {
        if (leaf == null) {
            return -1;
        }
        leaves.add(leaf);
        return leaves.size() - 1;
    }

    private static ColumnDescriptor leaf(MessageType schema, String column) {
        return schema.getColumnDescription(new String[] {column});
    }

    private byte[] named(byte @Nullable [] path) throws IOException {
        if (path == null) {
            throw new IOException("it has neither bytes nor a path");
        }
        return files.read(new String(path, StandardCharsets.UTF_8));
    }

    private void row(byte @Nullable [] image, byte @Nullable [] words, int label) throws IOException {
        if (count == Integer.MAX_VALUE / ImagePack.ENTRY) {
            throw new IOException(name + " has more rows than are read, " + count);
        }
        if (count == places.length) {
            places = Arrays.copyOf(places, 2 * count);
            entries = Arrays.copyOf(entries, 3 * 2 * count);
        }
        places[count] = at;
        entries[3 * count] = write(image);
        entries[3 * count + 1] = write(words);
        entries[3 * count + 2] = label;
        count++;
        if (image != null) {
            look(image);
        }
    }

    private int write(byte @Nullable [] bytes) throws IOException {
        if (bytes == null) {
            return ImagePack.NONE;
        }
        out.write(bytes);
        at += bytes.length;
        return bytes.length;
    }

    private void look(byte[] image) {
        ImageHeader header = ImageHeader.of(image);
        allGrey &= header != null && header.isGrey();
        int own = header == null || header.width() != header.height() ? 0 : header.width();
        side = side < 0 || side == own ? own : 0;
    }

    private int label(@Nullable Object value) {
        int label = -1;
        if (value instanceof byte[] word) {
            label = words.computeIfAbsent(new String(word, StandardCharsets.UTF_8), text -> words.size());
        } else if (value instanceof Long number) {
            int known = columns.classNames().size();
            if (number < -1 || number >= (known == 0 ? LARGEST_CLASS : known)) {
                throw Problem.failure(name + ": the class of row " + count + " in column " + columns.label() + " is "
                        + number + ", but must lie in [0, " + ((known == 0 ? LARGEST_CLASS : known) - 1)
                        + "], or be -1 where there is none");
            }
            label = number.intValue();
        }
        highestLabel = Math.max(highestLabel, label);
        return label;
    }

    private void end() throws IOException {
        for (int row = 0; row < count; row++) {
            out.writeLong(places[row]);
            for (int i = 0; i < 3; i++) {
                out.writeInt(entries[3 * row + i]);
            }
        }
        byte[] text = Json.compact(List.copyOf(words.keySet())).getBytes(StandardCharsets.UTF_8);
        out.write(text);
        out.writeLong(at);
        out.writeInt(count);
        out.writeInt(text.length);
        out.writeInt(highestLabel);
        out.writeInt(allGrey && count > 0 ? 1 : 0);
        out.writeInt(Math.max(0, side));
        out.writeLong(ImagePack.MARK);
        out.flush();
    }
}
