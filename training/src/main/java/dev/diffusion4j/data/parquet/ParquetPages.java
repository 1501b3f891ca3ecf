// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.parquet;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Arrays;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.DataPage;
import org.apache.parquet.column.page.DataPageV1;
import org.apache.parquet.column.page.DataPageV2;
import org.apache.parquet.column.page.DictionaryPage;
import org.apache.parquet.column.page.PageReader;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.format.DataPageHeader;
import org.apache.parquet.format.DataPageHeaderV2;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.format.Util;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.jspecify.annotations.Nullable;

/**
 * The pages of one column in one row group, read one after the other: a page at a time is in memory, however large the row group
 * is. Belongs to one thread.
 */
final class ParquetPages implements PageReader {
    private final ColumnChunkMetaData chunk;
    private final ParquetCodecs codecs;
    private final ChannelPart part;
    private final InputStream in;
    private final Statistics<?> none;
    private @Nullable PageHeader next;
    private long valuesLeft;

    /** @throws IOException where the column does not lie within the file */
    ParquetPages(FileChannel file, ColumnChunkMetaData chunk, ParquetCodecs codecs) throws IOException {
        this.chunk = chunk;
        this.codecs = codecs;
        long start = chunk.getStartingPos();
        long size = chunk.getTotalSize();
        if (start < 4 || size < 0 || start > file.size() - size) {
            throw new EOFException();
        }
        ParquetCodecs.check(chunk.getCodec());
        part = new ChannelPart(file, start, start + size);
        in = new BufferedInputStream(part, 1 << 16);
        none = Statistics.createStats(chunk.getPrimitiveType());
        valuesLeft = chunk.getValueCount();
    }

    @Override
    public long getTotalValueCount() {
        return chunk.getValueCount();
    }

    @Override
    public @Nullable DictionaryPage readDictionaryPage() {
        PageHeader header = null;
        try {
            header = header();
            if (header == null || header.dictionary_page_header == null) {
                return null;
            }
            next = null;
            byte[] plain = codecs.decompress(chunk.getCodec(), bytes(header), header.uncompressed_page_size);
            int values = header.dictionary_page_header.num_values;
            if (values < 0 || values > plain.length && plain.length > 0) {
                throw new IOException("a dictionary says that it has " + values + " values");
            }
            return new DictionaryPage(
                    BytesInput.from(plain), values, Encoding.valueOf(header.dictionary_page_header.encoding.name()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (OutOfMemoryError e) {
            throw new UncheckedIOException(tooLarge(header));
        }
    }

    @Override
    public @Nullable DataPage readPage() {
        PageHeader header = null;
        try {
            while (valuesLeft > 0) {
                header = header();
                if (header == null) {
                    throw new EOFException();
                }
                next = null;
                DataPage page = page(header);
                if (page != null) {
                    valuesLeft -= page.getValueCount();
                    return page;
                }
            }
            return null;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (OutOfMemoryError e) {
            throw new UncheckedIOException(tooLarge(header));
        }
    }

    /** Nothing for a page of another kind, an index for example. */
    private @Nullable DataPage page(PageHeader header) throws IOException {
        byte[] packed = bytes(header);
        if (header.data_page_header != null) {
            DataPageHeader page = header.data_page_header;
            byte[] plain = codecs.decompress(chunk.getCodec(), packed, header.uncompressed_page_size);
            return new DataPageV1(
                    BytesInput.from(plain),
                    values(page.num_values),
                    plain.length,
                    none,
                    Encoding.valueOf(page.repetition_level_encoding.name()),
                    Encoding.valueOf(page.definition_level_encoding.name()),
                    Encoding.valueOf(page.encoding.name()));
        }
        if (header.data_page_header_v2 == null) {
            return null;
        }
        DataPageHeaderV2 page = header.data_page_header_v2;
        int repetition = page.repetition_levels_byte_length;
        int levels = repetition + page.definition_levels_byte_length;
        if (repetition < 0 || levels < repetition || levels > packed.length) {
            throw new IOException("a page's levels are longer than the page");
        }
        byte[] data = Arrays.copyOfRange(packed, levels, packed.length);
        boolean isPacked = (!page.isSetIs_compressed() || page.is_compressed) && data.length > 0;
        return DataPageV2.uncompressed(
                page.num_rows,
                page.num_nulls,
                values(page.num_values),
                BytesInput.from(packed, 0, repetition),
                BytesInput.from(packed, repetition, levels - repetition),
                Encoding.valueOf(page.encoding.name()),
                BytesInput.from(codecs.decompress(
                        isPacked ? chunk.getCodec() : CompressionCodecName.UNCOMPRESSED,
                        data,
                        header.uncompressed_page_size - levels)),
                none);
    }

    private int values(int count) throws IOException {
        if (count < 0 || count > valuesLeft) {
            throw new IOException("a page says that it has " + count + " values of " + valuesLeft);
        }
        return count;
    }

    private @Nullable PageHeader header() throws IOException {
        if (next == null && valuesLeft > 0) {
            next = Util.readPageHeader(in);
        }
        return next;
    }

    private byte[] bytes(PageHeader header) throws IOException {
        if (header.compressed_page_size < 0 || header.compressed_page_size > chunk.getTotalSize()) {
            throw new IOException("a page says that it is " + header.compressed_page_size + " bytes long");
        }
        byte[] packed = new byte[header.compressed_page_size]; // no more than the file holds
        if (in.readNBytes(packed, 0, packed.length) < packed.length) {
            throw new EOFException();
        }
        return packed;
    }

    private static IOException tooLarge(@Nullable PageHeader header) {
        long megabytes =
                header == null ? 0 : Math.max(header.compressed_page_size, header.uncompressed_page_size) / 1_000_000;
        return new IOException("a page of " + megabytes + " MB does not fit into Java's memory, "
                + Runtime.getRuntime().maxMemory() / 1_000_000
                + " MB: give it four times as much as the page, DIFFUSE_JAVA_OPTS=-Xmx8g, or write the file with smaller row"
                + " groups");
    }

    /** Bytes {@code from} … {@code to}−1 of a file. */
    private static final class ChannelPart extends InputStream {
        private final FileChannel file;
        private final long end;
        private long at;

        ChannelPart(FileChannel file, long from, long to) {
            this.file = file;
            at = from;
            end = to;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            int wanted = (int) Math.min(length, end - at);
            int got = wanted <= 0 ? -1 : file.read(ByteBuffer.wrap(into, offset, wanted), at);
            at += Math.max(0, got);
            return got;
        }
    }
}
