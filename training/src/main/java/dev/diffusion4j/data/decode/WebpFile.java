// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode;

import dev.diffusion4j.image.Exif;
import java.io.EOFException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The chunks of a WebP file (RFC 9649): where its picture lies, or the first one of an animation, and on what canvas. Alpha and
 * colour profiles are passed over.
 */
final class WebpFile {
    private static final int HEADER = 12;
    private static final int ANIMATION = 2;

    final Exif exif = new Exif();
    /** Where the picture's data begin, and how many bytes there are. */
    int start;

    int length;
    boolean isLossless;
    /** Of the canvas; 0 where the picture is all of it. */
    int width;

    int height;
    /** Where on the canvas the picture lies. */
    int left;

    int top;

    private final ByteBuffer file;

    /**
     * Finds the chunks.
     *
     * @throws EOFException where the file ends too early
     * @throws DecodeException where it holds no picture
     */
    WebpFile(byte[] bytes) throws DecodeException, EOFException {
        file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.length < HEADER + 8) {
            throw new EOFException();
        }
        long end = 8 + (file.getInt(4) & 0xffffffffL);
        if (end > bytes.length) {
            throw new EOFException();
        }
        chunks(HEADER, (int) end);
        if (length == 0) {
            throw new DecodeException("the file is damaged: it has no picture");
        }
    }

    private void chunks(int from, int end) throws EOFException {
        for (int at = from; at + 8 <= end; ) {
            long size = file.getInt(at + 4) & 0xffffffffL;
            if (at + 8 + size > end) {
                throw new EOFException();
            }
            byte[] name = new byte[4];
            file.get(at, name);
            chunk(new String(name, StandardCharsets.ISO_8859_1), at + 8, (int) size);
            at += (int) (8 + size + (size & 1));
        }
    }

    private void chunk(String name, int at, int size) throws EOFException {
        switch (name) {
            case "VP8 ", "VP8L" -> {
                if (length == 0) {
                    isLossless = name.equals("VP8L");
                    start = at;
                    length = size;
                }
            }
            case "VP8X" -> {
                if (size >= 10 && (file.get(at) & ANIMATION) != 0) {
                    width = 1 + u24(at + 4);
                    height = 1 + u24(at + 7);
                }
            }
            case "ANMF" -> {
                if (size >= 16 && length == 0) {
                    left = 2 * u24(at);
                    top = 2 * u24(at + 3);
                    chunks(at + 16, at + size);
                }
            }
            case "EXIF" -> exif.readTiff(file.array(), at, size);
            case "XMP " -> exif.readXmp(file.array(), at, size);
            default -> {}
        }
    }

    private int u24(int at) {
        return file.get(at) & 0xff | (file.getShort(at + 1) & 0xffff) << 8;
    }
}
