// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import dev.diffusion4j.image.PngFile;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.zip.GZIPOutputStream;

/** Small files to read. */
public final class TestFiles {
    private TestFiles() {}

    /** A PNG of one colour; missing folders are made. */
    public static Path picture(Path file, int width, int height, int rgb) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_3BYTE_BGR);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                image.setRGB(x, y, rgb);
            }
        }
        PngFile.write(file, image);
        return file;
    }

    /** The bytes of an IDX file with these dimensions and random content below {@code bound}. */
    public static byte[] idx(int bound, long seed, int... shape) {
        int total = 1;
        ByteBuffer head = ByteBuffer.allocate(4 + 4 * shape.length).put(new byte[] {0, 0, 8, (byte) shape.length});
        for (int size : shape) {
            head.putInt(size);
            total *= size;
        }
        ByteBuffer file = ByteBuffer.allocate(head.capacity() + total).put(head.array());
        Random random = new Random(seed);
        while (file.hasRemaining()) {
            file.put((byte) random.nextInt(bound));
        }
        return file.array();
    }

    public static byte[] gzip(byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (OutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(content);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return out.toByteArray();
    }

    /** Thirty training pictures (gzipped) and ten test pictures (plain) of 12×9 pixels with four classes. */
    public static void idxFolder(Path folder) throws IOException {
        Files.createDirectories(folder);
        Files.write(folder.resolve("train-images-idx3-ubyte.gz"), gzip(idx(256, 1, 30, 9, 12)));
        Files.write(folder.resolve("train-labels-idx1-ubyte.gz"), gzip(labels(30)));
        Files.write(folder.resolve("t10k-images-idx3-ubyte"), idx(256, 2, 10, 9, 12));
        Files.write(folder.resolve("t10k-labels-idx1-ubyte"), labels(10));
    }

    private static byte[] labels(int count) {
        byte[] file = idx(1, 0, count);
        for (int i = 0; i < count; i++) {
            file[8 + i] = (byte) (i % 4);
        }
        return file;
    }
}
