// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.image;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * The {@code UserComment} in the Exif data of a JPEG or WebP file, where A1111's webui puts what it puts into a PNG's text. Formats: Exif 2.3,
 * section 4.6; the containers of JFIF and of WebP.
 */
public final class ExifComment {
    private static final int EXIF_POINTER = 0x8769;
    private static final int USER_COMMENT = 0x9286;
    private static final int ENTRY = 12;
    private static final int CODE = 8;
    private static final int LONGEST = 1 << 24;

    private ExifComment() {}

    /**
     * Reads it.
     *
     * @return empty where the file has none, or is neither JPEG nor WebP
     * @throws Problem (a failure) where the file cannot be read
     */
    public static Optional<String> read(Path file) {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            byte[] start = in.readNBytes(2);
            byte[] exif = new byte[0];
            if (start.length == 2 && (start[0] & 0xff) == 0xff && (start[1] & 0xff) == 0xd8) {
                exif = ofJpeg(in);
            } else if (start.length == 2 && start[0] == 'R' && start[1] == 'I') {
                exif = ofWebp(in);
            }
            return comment(exif);
        } catch (IOException e) {
            throw Problem.failure("cannot read " + file + ": " + AtomicFile.reason(e), e);
        }
    }

    private static byte[] ofJpeg(InputStream in) throws IOException {
        byte[] head = in.readNBytes(4);
        while (head.length == 4 && (head[0] & 0xff) == 0xff && (head[1] & 0xff) != 0xda) {
            int length = Math.max(0, ((head[2] & 0xff) << 8 | head[3] & 0xff) - 2);
            byte[] data = in.readNBytes(length);
            if ((head[1] & 0xff) == 0xe1 && isExif(data)) {
                return data;
            }
            head = in.readNBytes(4);
        }
        return new byte[0];
    }

    private static byte[] ofWebp(InputStream in) throws IOException {
        in.readNBytes(10);
        byte[] head = in.readNBytes(8);
        while (head.length == 8) {
            int length = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getInt(4);
            if (length < 0) {
                break;
            }
            if (new String(head, 0, 4, StandardCharsets.ISO_8859_1).equals("EXIF")) {
                return in.readNBytes(Math.min(length, LONGEST));
            }
            try {
                in.skipNBytes((long) length + (length & 1));
            } catch (EOFException e) {
                break;
            }
            head = in.readNBytes(8);
        }
        return new byte[0];
    }

    private static boolean isExif(byte[] data) {
        return data.length > 6 && new String(data, 0, 4, StandardCharsets.ISO_8859_1).equals("Exif");
    }

    private static Optional<String> comment(byte[] exif) {
        byte[] tiff = isExif(exif) ? Arrays.copyOfRange(exif, 6, exif.length) : exif;
        if (tiff.length < 8) {
            return Optional.empty();
        }
        ByteOrder order = tiff[0] == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
        ByteBuffer buffer = ByteBuffer.wrap(tiff).order(order);
        try {
            int inner = entry(buffer, buffer.getInt(4), EXIF_POINTER);
            int at = inner < 0 ? -1 : entry(buffer, buffer.getInt(inner + 8), USER_COMMENT);
            if (at < 0) {
                return Optional.empty();
            }
            int length = buffer.getInt(at + 4);
            int start = buffer.getInt(at + 8);
            return Optional.of(text(tiff, start, length, order));
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            return Optional.empty(); // cut short, or no Exif data at all
        }
    }

    /** Where a directory's entry is; negative where it has none of this kind. */
    private static int entry(ByteBuffer tiff, int directory, int tag) {
        int count = tiff.getShort(directory) & 0xffff;
        for (int i = 0; i < count; i++) {
            int at = directory + 2 + ENTRY * i;
            if ((tiff.getShort(at) & 0xffff) == tag) {
                return at;
            }
        }
        return -1;
    }

    private static String text(byte[] tiff, int start, int length, ByteOrder order) {
        String code = new String(tiff, start, CODE, StandardCharsets.ISO_8859_1);
        byte[] bytes = Arrays.copyOfRange(tiff, start + CODE, Math.min(tiff.length, start + length));
        if (!code.startsWith("UNICODE")) {
            return new String(bytes, StandardCharsets.UTF_8).replace("\0", "");
        }
        Charset charset = order == ByteOrder.BIG_ENDIAN || isBigEndian(bytes)
                ? StandardCharsets.UTF_16BE
                : StandardCharsets.UTF_16LE;
        return new String(bytes, charset).replace("\0", "");
    }

    /** Texts are mostly of letters whose upper byte is zero; some programs write them high byte first whatever the file says. */
    private static boolean isBigEndian(byte[] bytes) {
        int even = 0;
        int odd = 0;
        for (int i = 0; i + 1 < bytes.length; i += 2) {
            even += bytes[i] == 0 ? 1 : 0;
            odd += bytes[i + 1] == 0 ? 1 : 0;
        }
        return even > odd;
    }
}
