// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.parquet;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.parquet.VersionParser;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.impl.ColumnReaderImpl;
import org.apache.parquet.format.converter.ParquetMetadataConverter;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;
import org.apache.parquet.io.api.PrimitiveConverter;
import org.apache.parquet.schema.MessageType;
import org.jspecify.annotations.Nullable;

/**
 * One Parquet file: what it says of itself, and its columns, read a page at a time. Of parquet-java only what decodes pages is
 * used. Belongs to one thread, which closes it.
 */
public final class ParquetTable implements AutoCloseable {
    private static final int TAIL = 8; // the footer's length, and the mark
    private static final String MARK = "PAR1";
    private static final int LONGEST_REASON = 200;

    private final Path path;
    private final FileChannel file;
    private final ParquetMetadata metadata;

    private ParquetTable(Path path, FileChannel file, ParquetMetadata metadata) {
        this.path = path;
        this.file = file;
        this.metadata = metadata;
    }

    /**
     * Reads what stands at the file's end; no column yet.
     *
     * @param name of the file in errors
     * @throws Problem (a failure) where it is not a Parquet file, or not a whole one
     */
    @SuppressWarnings("resource") // the channel is the table's
    public static ParquetTable open(Path path, String name) {
        FileChannel file = null;
        try {
            file = FileChannel.open(path);
            return new ParquetTable(path, file, footer(file));
        } catch (IOException | RuntimeException e) {
            closeQuietly(file);
            throw failure(name, e);
        }
    }

    private static ParquetMetadata footer(FileChannel file) throws IOException {
        long size = file.size();
        String start = text(bytes(file, 0, (int) Math.min(size, MARK.length())));
        if (start.equals("PARE")) {
            throw new IOException("it is encrypted, which is not read");
        }
        if (!start.equals(MARK)) {
            throw new IOException("it is not a Parquet file");
        }
        byte[] tail = bytes(file, Math.max(0, size - TAIL), (int) Math.min(size, TAIL));
        if (size < MARK.length() + TAIL || !text(tail).endsWith(MARK)) {
            throw new EOFException();
        }
        long length = ByteBuffer.wrap(tail).order(ByteOrder.LITTLE_ENDIAN).getInt() & 0xffffffffL;
        if (length > size - TAIL - MARK.length()) {
            throw new EOFException();
        }
        byte[] footer = bytes(file, size - TAIL - length, (int) length);
        try {
            return new ParquetMetadataConverter()
                    .readParquetMetadata(new ByteArrayInputStream(footer), ParquetMetadataConverter.NO_FILTER);
        } catch (IOException | RuntimeException e) {
            throw new IOException("it is damaged at its end, where its columns are described", e);
        }
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private static byte[] bytes(FileChannel file, long at, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining()) {
            if (file.read(bytes, at + bytes.position()) < 0) {
                throw new EOFException();
            }
        }
        return bytes.array();
    }

    /** The file. */
    public Path path() {
        return path;
    }

    /** How many rows it says that it has. */
    public long rows() {
        return metadata.getBlocks().stream()
                .mapToLong(BlockMetaData::getRowCount)
                .sum();
    }

    MessageType schema() {
        return metadata.getFileMetaData().getSchema();
    }

    /** What its writer noted down, by key. */
    Map<String, String> notes() {
        return metadata.getFileMetaData().getKeyValueMetaData();
    }

    /** Takes rows. */
    @FunctionalInterface
    interface RowReader {
        /** @param values in the columns' order: {@code byte[]} of bytes and text, {@code Long} of others, {@code null} for none */
        void row(@Nullable Object[] values) throws IOException;
    }

    /**
     * Goes over all rows once, row group by row group, with a page of each column in memory.
     *
     * @param columns leaves of {@link #schema} that hold one value a row
     * @throws Problem (a failure) where the file is cut short or damaged
     * @throws IOException as {@code rows} does
     */
    void forEachRow(List<ColumnDescriptor> columns, String name, RowReader rows) throws IOException {
        ParquetCodecs codecs = new ParquetCodecs();
        for (BlockMetaData group : metadata.getBlocks()) {
            List<ColumnReaderImpl> readers =
                    group.getRowCount() == 0 ? List.of() : readers(group, columns, codecs, name);
            for (long row = 0; row < group.getRowCount(); row++) {
                rows.row(values(readers, name));
            }
        }
    }

    private List<ColumnReaderImpl> readers(
            BlockMetaData group, List<ColumnDescriptor> columns, ParquetCodecs codecs, String name) {
        List<ColumnReaderImpl> readers = new ArrayList<>();
        try {
            for (ColumnDescriptor column : columns) {
                ColumnChunkMetaData chunk = chunk(group, column);
                if (chunk.getValueCount() != group.getRowCount()) {
                    throw new IOException("its column " + String.join(".", column.getPath()) + " has "
                            + chunk.getValueCount() + " values for " + group.getRowCount() + " rows");
                }
                readers.add(new ColumnReaderImpl(
                        column, new ParquetPages(file, chunk, codecs), new PrimitiveConverter() {}, writer()));
            }
            return readers;
        } catch (IOException | RuntimeException e) {
            throw failure(name, e);
        }
    }

    private static @Nullable Object[] values(List<ColumnReaderImpl> readers, String name) {
        @Nullable Object[] values = new Object[readers.size()];
        try {
            for (int i = 0; i < values.length; i++) {
                ColumnReaderImpl reader = readers.get(i);
                ColumnDescriptor column = reader.getDescriptor();
                if (reader.getCurrentDefinitionLevel() == column.getMaxDefinitionLevel()) {
                    values[i] = switch (column.getPrimitiveType().getPrimitiveTypeName()) {
                        case BINARY -> reader.getBinary().getBytes();
                        case INT32 -> (long) reader.getInteger();
                        case INT64 -> reader.getLong();
                        case BOOLEAN -> reader.getBoolean() ? 1L : 0L;
                        default -> throw new IllegalStateException("unexpected " + column);
                    };
                }
                reader.consume();
            }
            return values;
        } catch (RuntimeException e) {
            throw failure(name, e);
        }
    }

    private static ColumnChunkMetaData chunk(BlockMetaData group, ColumnDescriptor column) throws IOException {
        for (ColumnChunkMetaData chunk : group.getColumns()) {
            if (chunk.isEncrypted()) {
                throw new IOException("it is encrypted, which is not read");
            }
            if (java.util.Arrays.equals(chunk.getPath().toArray(), column.getPath())) {
                return chunk;
            }
        }
        throw new IOException("a row group has no column " + String.join(".", column.getPath()));
    }

    /** Who wrote it: some writers' known mistakes are read around. */
    private VersionParser.@Nullable ParsedVersion writer() {
        try {
            return VersionParser.parse(metadata.getFileMetaData().getCreatedBy());
        } catch (VersionParser.VersionParseException | RuntimeException e) {
            return null;
        }
    }

    private static Problem failure(String name, Exception problem) {
        if (problem instanceof Problem known) {
            return known;
        }
        Exception cause =
                problem instanceof UncheckedIOException wrapped ? Objects.requireNonNull(wrapped.getCause()) : problem;
        String reason =
                cause instanceof IOException io ? AtomicFile.reason(io) : "it is damaged: " + cause.getMessage();
        String line = reason.lines().findFirst().orElse("");
        return Problem.failure(
                "cannot read " + name + ": " + line.substring(0, Math.min(line.length(), LONGEST_REASON)), problem);
    }

    @Override
    public void close() {
        closeQuietly(file);
    }

    private static void closeQuietly(@Nullable FileChannel file) {
        try {
            if (file != null) {
                file.close();
            }
        } catch (IOException e) {
            // it was only read
        }
    }
}
