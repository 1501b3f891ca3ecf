// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.image;

import dev.diffusion4j.base.Check;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * WebP files without loss, written from the format's description (RFC 9649, section 3): green is taken from red and blue, each pixel is predicted from its
 * neighbours, and what is left is written in prefix codes. Runs and colour caches, which pictures without flat regions gain little by, are not used.
 */
public final class WebpFile {
    private static final int SIGNATURE = 0x2f;
    private static final int LARGEST = 1 << 14;
    private static final int PREDICTOR = 0;
    private static final int SUBTRACT_GREEN = 2;
    /** Left + above − above left, clamped. */
    private static final int GRADIENT = 12;

    private static final int LARGEST_BLOCK = 7;
    private static final int GREENS = 256 + 24;
    private static final int LEVELS = 256;

    private final BitWriter out = new BitWriter();

    private WebpFile() {}

    /**
     * The bytes of a file.
     *
     * @param image opaque
     * @throws IllegalArgumentException where it has more than 16,384 rows or columns
     */
    public static byte[] bytes(BufferedImage image) {
        Check.that(
                image.getWidth() <= LARGEST && image.getHeight() <= LARGEST,
                "a WebP picture has at most " + LARGEST + " rows and columns, but this is " + image.getWidth() + "x"
                        + image.getHeight());
        WebpFile file = new WebpFile();
        file.encode(image);
        return container(file.out.bytes());
    }

    private static byte[] container(byte[] chunk) {
        int padded = chunk.length + (chunk.length & 1);
        ByteBuffer file = ByteBuffer.allocate(20 + padded).order(ByteOrder.LITTLE_ENDIAN);
        file.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(12 + padded);
        file.put("WEBPVP8L".getBytes(StandardCharsets.US_ASCII)).putInt(chunk.length);
        return file.put(chunk).array();
    }

    private void encode(BufferedImage image) {
        out.write(SIGNATURE, 8);
        out.write(image.getWidth() - 1, 14);
        out.write(image.getHeight() - 1, 14);
        out.write(0, 1); // opaque
        out.write(0, 3); // version
        out.write(1, 1);
        out.write(SUBTRACT_GREEN, 2);
        out.write(1, 1);
        out.write(PREDICTOR, 2);
        out.write(LARGEST_BLOCK, 3);
        out.write(0, 1); // no colour cache
        for (int symbol : new int[] {GRADIENT, 0, 0, LEVELS - 1, 0}) { // the same for each block
            PrefixCode.single(symbol).describe(out);
        }
        out.write(0, 1); // no further transform
        out.write(0, 1); // no colour cache
        out.write(0, 1); // the same codes everywhere
        pixels(residuals(image));
    }

    private void pixels(int[][] channels) {
        PrefixCode[] codes = {
            PrefixCode.of(channels[0], GREENS), PrefixCode.of(channels[1], LEVELS), PrefixCode.of(channels[2], LEVELS)
        };
        for (PrefixCode code : codes) {
            code.describe(out);
        }
        PrefixCode.single(0).describe(out); // alpha, which is predicted
        PrefixCode.single(0).describe(out); // distances, of which there are none
        for (int i = 0; i < channels[0].length; i++) {
            for (int c = 0; c < codes.length; c++) {
                codes[c].write(out, channels[c][i]);
            }
        }
    }

    /** Green, red and blue, each less what is predicted. */
    private static int[][] residuals(BufferedImage image) {
        int width = image.getWidth();
        int height = image.getHeight();
        int[][] levels = new int[3][width * height];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int rgb = Levels.argb(image, x, y);
                int green = rgb >> 8 & 0xff;
                int at = y * width + x;
                levels[0][at] = green;
                levels[1][at] = (rgb >> 16 & 0xff) - green & 0xff;
                levels[2][at] = (rgb & 0xff) - green & 0xff;
            }
        }
        int[][] residuals = new int[3][width * height];
        for (int c = 0; c < residuals.length; c++) {
            for (int at = 0; at < width * height; at++) {
                residuals[c][at] = levels[c][at] - predicted(levels[c], at, width) & 0xff;
            }
        }
        return residuals;
    }

    private static int predicted(int[] levels, int at, int width) {
        boolean isFirst = at % width == 0;
        if (at < width) {
            return isFirst ? 0 : levels[at - 1];
        }
        int above = levels[at - width];
        return isFirst ? above : Math.max(0, Math.min(0xff, levels[at - 1] + above - levels[at - width - 1]));
    }

    /** Bits, the lowest one first. */
    static final class BitWriter {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private long held;
        private int count;

        void write(int value, int bits) {
            held |= (long) value << count;
            count += bits;
            while (count >= 8) {
                bytes.write((int) held);
                held >>>= 8;
                count -= 8;
            }
        }

        byte[] bytes() {
            if (count > 0) {
                bytes.write((int) held);
                count = 0;
            }
            return bytes.toByteArray();
        }
    }
}
