// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode;

import dev.diffusion4j.image.Exif;

/** What stands before a JPEG's compressed data (ITU-T T.81, annex B), as far as it decides how pixels are read. */
final class JpegHeader {
    int width;
    int height;
    int components;
    private String ids = "";
    boolean jfif;
    /** What Adobe's segment says of the colours: 0 as they are, 1 YCbCr, 2 YCCK; −1 where it says nothing. */
    int adobeTransform = -1;

    final Exif exif = new Exif();
    /** Where the compressed data begins. */
    int dataStart;

    private final byte[] file;

    /**
     * Reads the header, and renames colour profiles in {@code file} to something that readers pass over: the JDK would apply them,
     * slowly, and refuses a file where one is damaged.
     */
    JpegHeader(byte[] file) throws DecodeException {
        this.file = file;
        int at = 2;
        while (true) {
            while (at + 1 < file.length && (file[at] != (byte) 0xff || file[at + 1] == (byte) 0xff)) {
                at++;
            }
            if (at + 4 > file.length) {
                throw new DecodeException("the file is cut short: it has no picture");
            }
            int marker = file[at + 1] & 0xff;
            int start = at + 4;
            int end = at + 2 + u16(at + 2);
            if (end > file.length) {
                throw new DecodeException("the file is cut short: it has no picture");
            }
            if (marker == 0xda) {
                dataStart = end;
                break;
            }
            segment(marker, at, start, end);
            at = end;
        }
        if (components == 0) {
            throw new DecodeException("the file is damaged: it does not say how large the picture is");
        }
        PixelLimits.check(width, height);
    }

    private void segment(int marker, int at, int start, int end) {
        int length = end - start;
        if (marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc && length >= 6) {
            height = u16(start + 1);
            width = u16(start + 3);
            components = file[start + 5] & 0xff;
            StringBuilder names = new StringBuilder();
            for (int i = 0; i < components && start + 6 + 3 * i < end; i++) {
                names.append((char) (file[start + 6 + 3 * i] & 0xff));
            }
            ids = names.toString();
        } else if (marker == 0xe0 && length >= 5 && text(start, "JFIF")) {
            jfif = true;
        } else if (marker == 0xe1) {
            exif.readSegment(file, start, length);
        } else if (marker == 0xe2) {
            file[at + 1] = (byte) 0xef;
        } else if (marker == 0xee && length >= 12 && text(start, "Adobe")) {
            adobeTransform = file[start + 11] & 0xff;
        }
    }

    /** Three components: are they luma and chroma? As libjpeg guesses it. */
    boolean isYcc() {
        return jfif || (adobeTransform >= 0 ? adobeTransform != 0 : !ids.equals("RGB"));
    }

    private boolean text(int at, String text) {
        for (int i = 0; i < text.length(); i++) {
            if (file[at + i] != text.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private int u16(int at) {
        return (file[at] & 0xff) << 8 | file[at + 1] & 0xff;
    }
}
