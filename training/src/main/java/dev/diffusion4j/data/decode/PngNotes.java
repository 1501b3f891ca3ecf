// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode;

import dev.diffusion4j.image.Exif;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * How the camera was held, by the chunks of a PNG: {@code eXIf}, ImageMagick's text {@code Raw profile type exif} where there is no
 * such chunk, and XMP. They may stand before or behind the pixels.
 */
final class PngNotes {
    private static final String PROFILE = "Raw profile type exif";
    private static final String XMP = "XML:com.adobe.xmp";
    private static final int LONGEST = 1 << 20;

    private final byte[] file;
    private final Exif exif = new Exif();
    private boolean hasExif;
    private byte[] profile = {};
    private byte[] xmp = {};

    private PngNotes(byte[] file) {
        this.file = file;
    }

    /** 1 … 8, as {@link Exif#orientation}; 1 where no chunk is sound. */
    static int orientation(byte[] file) {
        PngNotes notes = new PngNotes(file);
        ByteBuffer buffer = ByteBuffer.wrap(file);
        for (int at = 8; at <= file.length - 12; ) {
            int length = buffer.getInt(at);
            if (length < 0 || length > file.length - 12 - at) {
                break;
            }
            String kind = new String(file, at + 4, 4, StandardCharsets.ISO_8859_1);
            notes.chunk(kind, at + 8, length);
            at += 12 + length;
        }
        if (!notes.hasExif) {
            notes.exif.readTiff(notes.profile, 0, notes.profile.length);
        }
        notes.exif.readXmp(notes.xmp, 0, notes.xmp.length);
        return notes.exif.orientation();
    }

    private void chunk(String kind, int start, int length) {
        switch (kind) {
            case "eXIf" -> {
                hasExif = true;
                exif.readTiff(file, start, length);
            }
            case "tEXt" -> {
                if (isNamed(PROFILE, start, length)) {
                    profile = profile(after(PROFILE, start, length, 0));
                }
            }
            case "zTXt" -> {
                if (isNamed(PROFILE, start, length)) {
                    profile = profile(inflated(after(PROFILE, start, length, 1)));
                }
            }
            case "iTXt" -> {
                if (isNamed(XMP, start, length)) {
                    xmp = international(after(XMP, start, length, 0));
                }
            }
            default -> {}
        }
    }

    private boolean isNamed(String keyword, int start, int length) {
        int end = start + keyword.length();
        return length > keyword.length() + 2
                && file[end] == 0
                && new String(file, start, keyword.length(), StandardCharsets.ISO_8859_1).equals(keyword);
    }

    /** What follows the keyword, its zero, and some bytes more. */
    private byte[] after(String keyword, int start, int length, int more) {
        return Arrays.copyOfRange(file, start + keyword.length() + 1 + more, start + length);
    }

    /** A compression flag and method, a language, a translated keyword, and the text. */
    private static byte[] international(byte[] content) {
        int at = 2;
        for (int zeros = 0; zeros < 2 && at < content.length; at++) {
            zeros += content[at] == 0 ? 1 : 0;
        }
        byte[] text = Arrays.copyOfRange(content, Math.min(at, content.length), content.length);
        return content[0] == 1 ? inflated(text) : text;
    }

    /** Hexadecimal digits behind three lines: an empty one, the profile's name and its length. */
    private static byte[] profile(byte[] text) {
        String[] lines = new String(text, StandardCharsets.ISO_8859_1).split("\n");
        try {
            return HexFormat.of()
                    .parseHex(String.join("", Arrays.asList(lines).subList(Math.min(3, lines.length), lines.length)));
        } catch (IllegalArgumentException e) {
            return new byte[0];
        }
    }

    private static byte[] inflated(byte[] packed) {
        Inflater inflater = new Inflater();
        try {
            inflater.setInput(packed);
            byte[] text = new byte[LONGEST];
            return Arrays.copyOf(text, inflater.inflate(text));
        } catch (DataFormatException e) {
            return new byte[0];
        } finally {
            inflater.end();
        }
    }
}
