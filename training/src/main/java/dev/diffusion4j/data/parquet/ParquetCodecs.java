// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.parquet;

import io.airlift.compress.Decompressor;
import io.airlift.compress.lz4.Lz4Decompressor;
import io.airlift.compress.snappy.SnappyDecompressor;
import io.airlift.compress.zstd.ZstdDecompressor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.zip.GZIPInputStream;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;

/** Undoes a page's compression, all in Java. Brotli, LZO and the old LZ4 are not read. Belongs to one thread. */
final class ParquetCodecs {
    private static final long LARGEST = 1L << 30;

    private final SnappyDecompressor snappy = new SnappyDecompressor();
    private final ZstdDecompressor zstd = new ZstdDecompressor();
    private final Lz4Decompressor lz4 = new Lz4Decompressor();

    /** @throws IOException where pages of this kind cannot be read, as a sentence */
    static void check(CompressionCodecName codec) throws IOException {
        switch (codec) {
            case UNCOMPRESSED, SNAPPY, ZSTD, GZIP, LZ4_RAW -> {}
            default ->
                throw new IOException("it is compressed by " + codec.name().toLowerCase(java.util.Locale.ROOT)
                        + ", which is not read: write it anew with snappy, zstd, gzip, lz4_raw or none");
        }
    }

    /**
     * What was compressed.
     *
     * @param size bytes, as the file says; believed only where the compressed bytes agree
     * @throws IOException where they do not
     */
    byte[] decompress(CompressionCodecName codec, byte[] packed, int size) throws IOException {
        if (size < 0 || size > LARGEST) {
            throw new IOException("a page says that it is " + size + " bytes long");
        }
        try {
            return switch (codec) {
                case UNCOMPRESSED -> checked(packed, size);
                case SNAPPY -> decompress(snappy, packed, size, SnappyDecompressor.getUncompressedLength(packed, 0));
                case ZSTD -> {
                    long declared = ZstdDecompressor.getDecompressedSize(packed, 0, packed.length);
                    yield decompress(zstd, packed, size, declared < 0 ? size : declared);
                }
                case LZ4_RAW -> decompress(lz4, packed, size, Math.min(size, 255L * packed.length));
                case GZIP -> {
                    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(packed), 1 << 14)) {
                        yield checked(in.readNBytes(size), size); // grows as it reads
                    }
                }
                default -> throw new IOException("it is compressed by " + codec);
            };
        } catch (RuntimeException e) {
            throw new IOException("a compressed page is damaged: " + e.getMessage(), e);
        }
    }

    private static byte[] decompress(Decompressor codec, byte[] packed, int size, long declared) throws IOException {
        if (declared != size) {
            throw new IOException("a page says that it is " + size + " bytes long, but holds " + declared);
        }
        byte[] plain = new byte[size];
        int length = codec.decompress(packed, 0, packed.length, plain, 0, size);
        if (length != size) {
            throw new IOException("a page says that it is " + size + " bytes long, but holds " + length);
        }
        return plain;
    }

    private static byte[] checked(byte[] plain, int size) throws IOException {
        if (plain.length != size) {
            throw new IOException("a page says that it is " + size + " bytes long, but holds " + plain.length);
        }
        return plain;
    }
}
