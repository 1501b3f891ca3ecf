// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The first directory of a TIFF (TIFF 6.0, section 2), as far as it decides how pixels are read; and checked, so that a few bytes
 * cannot make the reader take memory for billions.
 */
final class TiffHeader {
    private static final int WIDTH = 256;
    private static final int HEIGHT = 257;
    private static final int BITS = 258;
    private static final int PHOTOMETRIC = 262;
    private static final int SAMPLES = 277;
    private static final int STRIP_BYTES = 279;
    private static final int COLOR_MAP = 320;
    private static final int TILE_WIDTH = 322;
    private static final int TILE_HEIGHT = 323;
    private static final int TILE_BYTES = 325;
    private static final int FORMAT = 339;

    private static final int PALETTE = 3;
    private static final int CMYK = 5;
    private static final int MOST_SAMPLES = 8;
    /** Bytes of one value of each type. */
    private static final int[] SIZES = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8};

    private final ByteBuffer file;
    private long width;
    private long height;
    private long tileWidth = 1;
    private long tileHeight = 1;
    private long photometric = -1;
    /** The palette's 16-bit levels: all of red, of green, of blue. */
    private int[] colours = {};

    /** @throws DecodeException where the directory is not sound, or the picture of a kind that is not read */
    TiffHeader(byte[] bytes) throws DecodeException {
        file = ByteBuffer.wrap(bytes).order(bytes[0] == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        long directory = bytes.length < 10 ? 0 : file.getInt(4) & 0xffffffffL;
        if (directory < 8 || directory > bytes.length - 2) {
            throw cutShort();
        }
        int entries = file.getShort((int) directory) & 0xffff;
        if (directory + 2 + 12L * entries > bytes.length) {
            throw cutShort();
        }
        for (int i = 0; i < entries; i++) {
            entry((int) directory + 2 + 12 * i);
        }
        PixelLimits.check(atMostInt(width), atMostInt(height));
        PixelLimits.check(atMostInt(tileWidth), atMostInt(tileHeight));
    }

    private static int atMostInt(long value) {
        return (int) Math.min(Integer.MAX_VALUE, value);
    }

    /** Whether pixels are amounts of ink. */
    boolean isCmyk() {
        return photometric == CMYK;
    }

    /** Each index's red, green and blue, the upper bytes of what is stored; empty where pixels are no indices. */
    byte[] palette() {
        int size = photometric == PALETTE ? colours.length / 3 : 0;
        byte[] palette = new byte[3 * size];
        for (int i = 0; i < palette.length; i++) {
            palette[i] = (byte) (colours[i % 3 * size + i / 3] >> 8);
        }
        return palette;
    }

    private static DecodeException cutShort() {
        return new DecodeException("the file is cut short: it has no picture");
    }

    private void entry(int at) throws DecodeException {
        int type = file.getShort(at + 2) & 0xffff;
        long count = file.getInt(at + 4) & 0xffffffffL;
        if (type == 0 || type >= SIZES.length) {
            return;
        }
        long length = count * SIZES[type];
        long place = length <= 4 ? at + 8 : file.getInt(at + 8) & 0xffffffffL;
        if (place + length > file.limit()) {
            throw new DecodeException("the file is cut short");
        }
        if (count == 0) {
            return;
        }
        switch (file.getShort(at) & 0xffff) {
            case WIDTH -> width = number(type, place);
            case HEIGHT -> height = number(type, place);
            case TILE_WIDTH -> tileWidth = number(type, place);
            case TILE_HEIGHT -> tileHeight = number(type, place);
            case PHOTOMETRIC -> photometric = number(type, place);
            case BITS -> checkAll(type, count, place, 16, "samples of %d bits");
            case SAMPLES -> checkAll(type, count, place, MOST_SAMPLES, "%d samples a pixel");
            case FORMAT ->
                checkAll(type, count, place, 1, "samples of format %d, which are not whole numbers from 0 on,");
            case STRIP_BYTES, TILE_BYTES -> checkThere(type, count, place);
            case COLOR_MAP -> {
                colours = new int[(int) Math.min(count, 3 << 16)];
                for (int i = 0; i < colours.length; i++) {
                    colours[i] = (int) number(type, place + (long) i * SIZES[type]);
                }
            }
            default -> {}
        }
    }

    private void checkAll(int type, long count, long place, long most, String what) throws DecodeException {
        for (int i = 0; i < count; i++) {
            long value = number(type, place + (long) i * SIZES[type]);
            if (value > most) {
                throw new DecodeException(
                        "a TIFF with " + String.format(java.util.Locale.ROOT, what, value) + " is not supported");
            }
        }
    }

    private void checkThere(int type, long count, long place) throws DecodeException {
        long total = 0;
        for (int i = 0; i < count; i++) {
            total += Math.min(Integer.MAX_VALUE, number(type, place + (long) i * SIZES[type]));
        }
        if (total > file.limit()) {
            throw new DecodeException("the file is cut short");
        }
    }

    private long number(int type, long place) {
        int at = (int) place;
        return switch (SIZES[type]) {
            case 1 -> file.get(at) & 0xff;
            case 2 -> file.getShort(at) & 0xffff;
            case 4 -> file.getInt(at) & 0xffffffffL;
            default -> Long.MAX_VALUE;
        };
    }
}
