// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode;

import java.nio.charset.StandardCharsets;

/** The kinds of picture files that are read, recognised by their first bytes. */
enum PictureKind {
    JPEG,
    PNG,
    WEBP,
    GIF,
    BMP,
    TIFF,
    PNM;

    private static final int START = 16;

    /** @throws DecodeException saying what else it is, where that is known */
    static PictureKind of(byte[] file) throws DecodeException {
        if (file.length == 0) {
            throw new DecodeException("the file is empty");
        }
        String start = new String(file, 0, Math.min(START, file.length), StandardCharsets.ISO_8859_1);
        if (start.startsWith("\u00ff\u00d8")) {
            return JPEG;
        }
        if (start.startsWith("\u0089PNG")) {
            return PNG;
        }
        if (start.startsWith("RIFF") && start.startsWith("WEBP", 8)) {
            return WEBP;
        }
        if (start.startsWith("GIF8")) {
            return GIF;
        }
        if (start.startsWith("BM")) {
            return BMP;
        }
        if (start.startsWith("II*\0") || start.startsWith("MM\0*")) {
            return TIFF;
        }
        if (start.matches("(?s)P[1-6][\\s#].*")) {
            return PNM;
        }
        String other = other(start);
        throw new DecodeException(
                other.isEmpty()
                        ? "it is not a JPEG, PNG, WebP, GIF, BMP, TIFF or PPM file"
                        : "it is " + other + " file, which is not read: convert it to PNG or JPEG");
    }

    /** Another kind of picture with its article; empty where it is not known. */
    private static String other(String start) {
        if (start.startsWith("ftyp", 4)) {
            String brand = start.substring(Math.min(8, start.length()));
            return brand.startsWith("avi")
                    ? "an AVIF"
                    : brand.startsWith("he") || brand.startsWith("m") ? "a HEIF" : "";
        }
        if (start.startsWith("\u00ff\n") || start.startsWith("JXL ", 4)) {
            return "a JPEG XL";
        }
        if (start.startsWith("jP  ", 4)) {
            return "a JPEG 2000";
        }
        if (start.startsWith("II+\0") || start.startsWith("MM\0+")) {
            return "a BigTIFF";
        }
        return start.startsWith("8BPS") ? "a Photoshop" : start.startsWith("<svg") ? "an SVG" : "";
    }
}
