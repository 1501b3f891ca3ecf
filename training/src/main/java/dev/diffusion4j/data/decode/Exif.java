// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How the camera was held, by the notes in a picture's file: EXIF's tag 0x0112, or, where EXIF lacks it, XMP's {@code
 * tiff:Orientation}, as Pillow takes them. Notes that are not sound say nothing.
 */
final class Exif {
    private static final int ORIENTATION = 0x0112;
    private static final Pattern XMP = Pattern.compile("tiff:Orientation(?:=\"|>)([0-9])");
    private static final byte[] PREFIX = "Exif\0\0".getBytes(StandardCharsets.US_ASCII);

    private boolean isKnown;
    private int value = 1;

    /** 1 … 8; 1 is upright. */
    int orientation() {
        return value >= 1 && value <= 8 ? value : 1;
    }

    /** Reads a TIFF structure, which may follow {@code Exif} and two zeros. */
    void readTiff(byte[] file, int start, int length) {
        int skipped = 0;
        while (length - skipped >= PREFIX.length && isPrefix(file, start + skipped)) {
            skipped += PREFIX.length;
        }
        if (length - skipped >= 8) {
            readTiff(ByteBuffer.wrap(file, start + skipped, length - skipped).slice());
        }
    }

    private static boolean isPrefix(byte[] file, int at) {
        for (int i = 0; i < PREFIX.length; i++) {
            if (file[at + i] != PREFIX[i]) {
                return false;
            }
        }
        return true;
    }

    private void readTiff(ByteBuffer tiff) {
        tiff.order(tiff.get(0) == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        int directory = tiff.getInt(4);
        if (directory < 8 || directory > tiff.limit() - 2) {
            return;
        }
        int entries = tiff.getShort(directory) & 0xffff;
        for (int i = 0; i < entries; i++) {
            int entry = directory + 2 + 12 * i;
            if (entry + 12 > tiff.limit()) {
                return;
            }
            if ((tiff.getShort(entry) & 0xffff) == ORIENTATION) {
                isKnown = true;
                value = tiff.getShort(entry + 8);
                return;
            }
        }
    }

    /** Reads an XMP document; what {@link #readTiff} found or finds is preferred. */
    void readXmp(byte[] file, int start, int length) {
        Matcher matcher = XMP.matcher(new String(file, start, length, StandardCharsets.ISO_8859_1));
        if (!isKnown && matcher.find()) {
            value = matcher.group(1).charAt(0) - '0';
        }
    }
}
