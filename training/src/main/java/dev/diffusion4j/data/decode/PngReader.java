// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode;

import dev.diffusion4j.data.PixelImage;
import java.io.EOFException;
import java.io.IOException;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * The usual PNGs, by W3C's specification: 8 bits a channel, grey or RGB, with or without alpha, rows from top to bottom. Half of the
 * JDK's time, which makes streams and rasters for each picture. Others (palettes, 1 to 4 and 16 bits, interlaced ones) are the JDK's.
 * Not thread-safe.
 */
final class PngReader {
    private static final int IHDR = 0x49484452;
    private static final int IDAT = 0x49444154;
    private static final int IEND = 0x49454e44;
    private static final int TRNS = 0x74524e53;
    private static final int KEEP = 1 << 25;

    private final Inflater inflater = new Inflater();
    private byte[] kept = {};

    /**
     * Reads the picture.
     *
     * @return {@code null} where it is of another kind than the usual ones
     * @throws DecodeException where it is damaged
     * @throws EOFException where it ends too early
     */
    @Nullable
    PixelImage read(byte[] file) throws IOException {
        if (file.length < 33 || u32(file, 12) != IHDR) {
            return null; // the JDK reports what is wrong
        }
        int width = u32(file, 16);
        int height = u32(file, 20);
        int type = file[25];
        boolean isUsual =
                file[24] == 8 && (type & 1) == 0 && type <= 6 && file[26] == 0 && file[27] == 0 && file[28] == 0;
        if (!isUsual) {
            return null;
        }
        PixelLimits.check(width, height);
        int channels = type < 4 ? type + 1 : type - 2; // 0: grey, 2: RGB, 4: grey and alpha, 6: RGB and alpha
        int stride = Math.multiplyExact(width, channels) + 1;
        byte[] rows = rows(Math.multiplyExact(stride, height));
        if (!inflate(file, rows, stride * height, type == 0)) {
            return null;
        }
        for (int y = 0; y < height; y++) {
            unfilter(rows, y * stride, stride, channels, y == 0);
        }
        return new PixelImage(width, height, channels < 3 ? 1 : 3, pixels(rows, width, height, channels));
    }

    private byte[] rows(int length) {
        if (length > KEEP) {
            return new byte[length];
        }
        if (kept.length < length) {
            kept = new byte[length + length / 4];
        }
        return kept;
    }

    /** False where a grey picture names a transparent level, which the JDK turns into another channel. */
    private boolean inflate(byte[] file, byte[] rows, int length, boolean isGrey) throws IOException {
        inflater.reset();
        int done = 0;
        try {
            for (int at = 33; done < length; ) {
                if (at > file.length - 12) {
                    throw new EOFException();
                }
                int size = u32(file, at);
                int kind = u32(file, at + 4);
                if (isGrey && kind == TRNS) {
                    return false;
                }
                int there = Math.min(size, file.length - at - 8);
                if (size < 0 || kind == IEND) {
                    throw new EOFException();
                }
                if (kind == IDAT) {
                    inflater.setInput(file, at + 8, there);
                    for (int got = -1; got != 0 && done < length; done += got) {
                        got = inflater.inflate(rows, done, length - done);
                    }
                }
                if (done < length && (inflater.finished() || size > there)) {
                    throw new EOFException();
                }
                at += 12 + Math.min(size, file.length - at);
            }
            return true;
        } catch (DataFormatException e) {
            String reason = e.getMessage() == null ? "its data are not compressed as they should be" : e.getMessage();
            throw new DecodeException("the file is damaged: " + reason, e);
        }
    }

    private static void unfilter(byte[] rows, int at, int stride, int channels, boolean isFirst)
            throws DecodeException {
        int from = at + 1;
        int end = at + stride;
        int above = isFirst ? -1 : -stride;
        switch (rows[at]) {
            case 0 -> {}
            case 1 -> sub(rows, from, end, channels);
            case 2 -> {
                for (int i = from; !isFirst && i < end; i++) {
                    rows[i] += rows[i - stride];
                }
            }
            case 3 -> {
                for (int i = from; i < end; i++) {
                    int left = i - channels < from ? 0 : rows[i - channels] & 0xff;
                    int up = isFirst ? 0 : rows[i + above] & 0xff;
                    rows[i] += (byte) (left + up >> 1);
                }
            }
            case 4 -> {
                if (isFirst) {
                    sub(rows, from, end, channels);
                } else if (channels < 3) {
                    paeth(rows, from, end, channels, stride);
                } else {
                    paeth3(rows, from, end, channels, stride);
                }
            }
            default -> throw new DecodeException("the file is damaged: a row has the filter " + rows[at]);
        }
    }

    private static void sub(byte[] rows, int from, int end, int channels) {
        for (int i = from + channels; i < end; i++) {
            rows[i] += rows[i - channels];
        }
    }

    /** A row's first channel; alpha is not needed. */
    private static void paeth(byte[] rows, int from, int end, int channels, int stride) {
        int left = 0;
        int corner = 0;
        for (int i = from; i < end; i += channels) {
            int up = rows[i - stride] & 0xff;
            left = rows[i] + nearest(left, up, corner) & 0xff;
            rows[i] = (byte) left;
            corner = up;
        }
    }

    /** The first three channels together: each waits for its own left neighbour, and three may wait at once. */
    private static void paeth3(byte[] rows, int from, int end, int channels, int stride) {
        int left0 = 0;
        int left1 = 0;
        int left2 = 0;
        int corner0 = 0;
        int corner1 = 0;
        int corner2 = 0;
        for (int i = from; i < end; i += channels) {
            int up0 = rows[i - stride] & 0xff;
            int up1 = rows[i - stride + 1] & 0xff;
            int up2 = rows[i - stride + 2] & 0xff;
            left0 = rows[i] + nearest(left0, up0, corner0) & 0xff;
            left1 = rows[i + 1] + nearest(left1, up1, corner1) & 0xff;
            left2 = rows[i + 2] + nearest(left2, up2, corner2) & 0xff;
            rows[i] = (byte) left0;
            rows[i + 1] = (byte) left1;
            rows[i + 2] = (byte) left2;
            corner0 = up0;
            corner1 = up1;
            corner2 = up2;
        }
    }

    /** Of left, above and above left the one nearest to left + above − above left; the first of equals. Without a branch to guess. */
    private static int nearest(int left, int up, int corner) {
        int toLeft = Math.abs(up - corner);
        int toUp = Math.abs(left - corner);
        int toCorner = Math.abs(left + up - 2 * corner);
        int isUp = toUp - toLeft >> 31;
        int chosen = left ^ (left ^ up) & isUp;
        int distance = toLeft + (toUp - toLeft & isUp);
        return chosen ^ (chosen ^ corner) & (toCorner - distance >> 31);
    }

    /** Without alpha, and without the filters' bytes. */
    private static byte[] pixels(byte[] rows, int width, int height, int channels) {
        int colours = channels < 3 ? 1 : 3;
        byte[] pixels = new byte[width * height * colours];
        for (int y = 0; y < height; y++) {
            int from = y * (width * channels + 1) + 1;
            int to = y * width * colours;
            if (colours == channels) {
                System.arraycopy(rows, from, pixels, to, width * colours);
                continue;
            }
            for (int x = 0; x < width; x++) {
                for (int c = 0; c < colours; c++) {
                    pixels[to + x * colours + c] = rows[from + x * channels + c];
                }
            }
        }
        return pixels;
    }

    private static int u32(byte[] file, int at) {
        return (file[at] & 0xff) << 24 | (file[at + 1] & 0xff) << 16 | (file[at + 2] & 0xff) << 8 | file[at + 3] & 0xff;
    }
}
