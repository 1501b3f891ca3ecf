// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode;

import dev.diffusion4j.data.PixelImage;
import java.io.EOFException;

/**
 * Netpbm's bitmaps, grey maps and colour maps, plain (P1 to P3) and raw (P4 to P6), by its specifications. Levels up to another
 * largest one than 255 are scaled and rounded as Pillow does it; grey of 16 bits keeps its upper 8, as in a PNG.
 */
final class PnmReader {
    private static final int LARGEST = 65535;

    private final byte[] file;
    private final int kind;
    private int at = 2;

    private PnmReader(byte[] file) {
        this.file = file;
        kind = file[1] - '0';
    }

    static PixelImage read(byte[] file) throws DecodeException, EOFException {
        return new PnmReader(file).read();
    }

    private PixelImage read() throws DecodeException, EOFException {
        int width = number();
        int height = number();
        PixelLimits.check(width, height);
        boolean isBitmap = kind == 1 || kind == 4;
        int maximum = isBitmap ? 1 : number();
        if (maximum < 1 || maximum > LARGEST) {
            throw new DecodeException("the file is damaged: its largest level is " + maximum);
        }
        boolean isRaw = kind >= 4;
        if (isRaw) {
            at++; // one white space
        }
        int channels = kind % 3 == 0 ? 3 : 1;
        checkLength((long) width * channels, height, isRaw, maximum);
        byte[] levels = scaled(maximum, channels);
        byte[] pixels = new byte[Math.multiplyExact(width * channels, height)];
        if (isRaw && isBitmap) {
            bits(pixels, width, height);
            return new PixelImage(width, height, 1, pixels);
        }
        for (int i = 0; i < pixels.length; i++) {
            int value = isRaw ? raw(maximum) : isBitmap ? bit() : number();
            if (value > maximum && !isRaw) {
                throw new DecodeException("the file is damaged: a level is " + value + ", above " + maximum);
            }
            pixels[i] = isBitmap ? (byte) (value == 0 ? 255 : 0) : levels[Math.min(value, maximum)];
        }
        return new PixelImage(width, height, channels, pixels);
    }

    /** A few bytes can claim billions of pixels: before memory is taken for them. */
    private void checkLength(long row, int height, boolean isRaw, int maximum) throws EOFException {
        long least = isRaw && kind == 4
                ? (row + 7) / 8 * height
                : isRaw && maximum > 255 || !isRaw && kind > 1 ? 2 * row * height - 1 : row * height;
        if (file.length - at < least) {
            throw new EOFException();
        }
    }

    /** The 8-bit level of each stored one. */
    private static byte[] scaled(int maximum, int channels) {
        byte[] levels = new byte[maximum + 1];
        for (int value = 0; value <= maximum; value++) {
            boolean isDeepGrey = channels == 1 && maximum > 255;
            int level = isDeepGrey
                    ? (int) Math.rint((double) value / maximum * LARGEST) >> 8
                    : (int) Math.rint((double) value / maximum * 255);
            levels[value] = (byte) level;
        }
        return levels;
    }

    private int raw(int maximum) {
        return maximum < 256 ? file[at++] & 0xff : (file[at++] & 0xff) << 8 | file[at++] & 0xff;
    }

    private void bits(byte[] pixels, int width, int height) {
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int bit = file[at + x / 8] >> 7 - x % 8 & 1;
                pixels[y * width + x] = (byte) (bit == 0 ? 255 : 0);
            }
            at += (width + 7) / 8;
        }
    }

    /** Of a plain bitmap, whose digits need no space between them. */
    private int bit() throws DecodeException, EOFException {
        skipSpace();
        int digit = file[at++] - '0';
        if (digit != 0 && digit != 1) {
            throw new DecodeException("the file is damaged: a bit is " + digit);
        }
        return digit;
    }

    private int number() throws DecodeException, EOFException {
        skipSpace();
        int start = at;
        int value = 0;
        while (at < file.length && file[at] >= '0' && file[at] <= '9' && at - start < 9) {
            value = 10 * value + file[at++] - '0';
        }
        if (at == start || at < file.length && !isSpace(file[at]) && file[at] != '#') {
            throw new DecodeException("the file is damaged: there is no whole number where one must stand");
        }
        return value;
    }

    /** White space, and comments from {@code #} to the end of the line. */
    private void skipSpace() throws EOFException {
        while (at < file.length && (isSpace(file[at]) || file[at] == '#')) {
            if (file[at] == '#') {
                while (at < file.length && file[at] != '\n' && file[at] != '\r') {
                    at++;
                }
            } else {
                at++;
            }
        }
        if (at >= file.length) {
            throw new EOFException();
        }
    }

    private static boolean isSpace(byte letter) {
        return letter == ' ' || letter >= '\t' && letter <= '\r';
    }
}
