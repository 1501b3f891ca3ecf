// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How the camera was held, by the notes in a picture's file: EXIF's tag 0x0112, or, where EXIF lacks it, XMP's {@code
 * tiff:Orientation}, as Pillow takes them. Notes that are not sound say nothing.
 */
public final class Exif {
    private static final int ORIENTATION = 0x0112;
    private static final Pattern XMP = Pattern.compile("tiff:Orientation(?:=\"|>)([0-9])");
    private static final String PREFIX = "Exif\0\0";
    private static final String XMP_NAME = "http://ns.adobe.com/xap/1.0/\0";

    private boolean isKnown;
    private int value = 1;

    /**
     * How the camera was held when a picture was taken: by the notes of a JPEG, the chunk {@code eXIf} of a PNG (PNG, third edition, 11.3.4.4), or
     * the chunks {@code EXIF} and {@code XMP} of a WebP (RFC 9649, 2.7.1.4).
     *
     * @param file all bytes of any file
     * @return upright where it is another one, or says nothing sound
     */
    public static Orientation of(byte[] file) {
        boolean isLong = file.length > 12;
        if (isLong && begins(file, 0, "\u0089PNG\r\n\u001a\n")) {
            return ofPng(file);
        }
        return isLong && begins(file, 0, "RIFF") && begins(file, 8, "WEBP") ? ofWebp(file) : ofJpeg(file);
    }

    private static Orientation ofPng(byte[] file) {
        Exif exif = new Exif();
        ByteBuffer all = ByteBuffer.wrap(file);
        int length;
        for (int at = 8; at <= file.length - 12; at += 12 + length) {
            length = all.getInt(at);
            if (length < 0 || length > file.length - 12 - at) {
                break;
            }
            if (begins(file, at + 4, "eXIf")) {
                exif.readTiff(file, at + 8, length);
            }
        }
        return new Orientation(exif.orientation());
    }

    private static Orientation ofWebp(byte[] file) {
        Exif exif = new Exif();
        ByteBuffer all = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int length;
        for (int at = 12; at <= file.length - 8; at += 8 + length + (length & 1)) {
            length = all.getInt(at + 4);
            if (length < 0 || length > file.length - 8 - at) {
                break;
            }
            if (begins(file, at, "EXIF")) {
                exif.readTiff(file, at + 8, length);
            } else if (begins(file, at, "XMP ")) {
                exif.readXmp(file, at + 8, length);
            }
        }
        return new Orientation(exif.orientation());
    }

    /**
     * How the camera was held when a JPEG was taken (ITU-T T.81, annex B).
     *
     * @param file all bytes of any file
     * @return upright where it is no JPEG, or says nothing sound
     */
    public static Orientation ofJpeg(byte[] file) {
        Exif exif = new Exif();
        ByteBuffer all = ByteBuffer.wrap(file); // big endian, as its lengths are
        int at = file.length > 4 && all.getShort(0) == (short) 0xffd8 ? 2 : file.length;
        while (at + 4 <= file.length && file[at] == (byte) 0xff && file[at + 1] != (byte) 0xda) {
            int end = at + 2 + (all.getShort(at + 2) & 0xffff);
            if (end > file.length) {
                break;
            }
            if (file[at + 1] == (byte) 0xe1) {
                exif.readSegment(file, at + 4, end - at - 4);
            }
            at = Math.max(end, at + 2);
        }
        return new Orientation(exif.orientation());
    }

    /** Reads what a JPEG's segment APP1 holds: either of both, or something else. */
    public void readSegment(byte[] file, int start, int length) {
        if (length >= 14 && begins(file, start, "Exif")) {
            readTiff(file, start, length);
        } else if (length > XMP_NAME.length() && begins(file, start, XMP_NAME)) {
            readXmp(file, start, length);
        }
    }

    private static boolean begins(byte[] file, int at, String text) {
        for (int i = 0; i < text.length(); i++) {
            if ((file[at + i] & 0xff) != text.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** 1 … 8; 1 is upright. */
    public int orientation() {
        return value >= 1 && value <= 8 ? value : 1;
    }

    /** Reads a TIFF structure, which may follow {@code Exif} and two zeros. */
    public void readTiff(byte[] file, int start, int length) {
        int skipped = 0;
        while (length - skipped >= PREFIX.length() && begins(file, start + skipped, PREFIX)) {
            skipped += PREFIX.length();
        }
        if (length - skipped >= 8) {
            readTiff(ByteBuffer.wrap(file, start + skipped, length - skipped).slice());
        }
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
    public void readXmp(byte[] file, int start, int length) {
        Matcher matcher = XMP.matcher(new String(file, start, length, StandardCharsets.ISO_8859_1));
        if (!isKnown && matcher.find()) {
            value = matcher.group(1).charAt(0) - '0';
        }
    }
}
