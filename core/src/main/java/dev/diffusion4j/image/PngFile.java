// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.image;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import java.awt.image.BufferedImage;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;

/**
 * PNG files with notes: each note is a {@code tEXt} chunk where it is Latin-1, else {@code iTXt} (UTF-8), as Pillow has it. Written here rather than with ImageIO, which takes a fifth of
 * a second to start and cannot give equal bytes across JDKs. Format: https://www.w3.org/TR/png/.
 */
public final class PngFile {
    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    /** Bytes of notes that are read of a file; further ones are passed over. */
    private static final int MAX_NOTES = 1 << 24;

    private PngFile() {}

    /** Writes an 8-bit grey (one band) or RGB picture; equal pictures and notes give equal files. */
    public static void write(Path file, BufferedImage image, Map<String, String> notes) {
        AtomicFile.write(file, out -> encode(image, notes, out));
    }

    /** Without notes. */
    public static void write(Path file, BufferedImage image) {
        write(file, image, Map.of());
    }

    /** The bytes of a PNG file. */
    public static byte[] bytes(BufferedImage image, Map<String, String> notes) {
        try {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            encode(image, notes, bytes);
            return bytes.toByteArray();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void encode(BufferedImage image, Map<String, String> notes, OutputStream stream) throws IOException {
        DataOutputStream out = new DataOutputStream(new BufferedOutputStream(stream));
        out.write(SIGNATURE);
        int bands = image.getRaster().getNumBands() == 1 ? 1 : 3;
        ByteBuffer header = ByteBuffer.allocate(13).putInt(image.getWidth()).putInt(image.getHeight());
        header.put((byte) 8).put((byte) (bands == 1 ? 0 : 2)).put(new byte[3]);
        chunk(out, "IHDR", header.array());
        for (Map.Entry<String, String> note : notes.entrySet()) {
            boolean latin = StandardCharsets.ISO_8859_1.newEncoder().canEncode(note.getValue());
            chunk(out, latin ? "tEXt" : "iTXt", text(note.getKey(), note.getValue(), latin));
        }
        chunk(out, "IDAT", deflate(image, bands));
        chunk(out, "IEND", new byte[0]);
        out.flush();
    }

    /** Rows with the "up" filter, which suits smooth pictures and costs nothing. */
    private static byte[] deflate(BufferedImage image, int bands) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (DeflaterOutputStream deflater = new DeflaterOutputStream(packed)) {
            byte[] above = new byte[image.getWidth() * bands];
            byte[] row = new byte[above.length];
            byte[] filtered = new byte[above.length];
            for (int y = 0; y < image.getHeight(); y++) {
                fill(row, image, y, bands);
                for (int i = 0; i < row.length; i++) {
                    filtered[i] = (byte) (row[i] - above[i]);
                }
                deflater.write(2);
                deflater.write(filtered);
                byte[] swap = above;
                above = row;
                row = swap;
            }
        }
        return packed.toByteArray();
    }

    private static void fill(byte[] row, BufferedImage image, int y, int bands) {
        for (int x = 0; x < image.getWidth(); x++) {
            if (bands == 1) {
                row[x] = (byte) image.getRaster().getSample(x, y, 0);
            } else {
                int rgb = image.getRGB(x, y);
                row[3 * x] = (byte) (rgb >> 16);
                row[3 * x + 1] = (byte) (rgb >> 8);
                row[3 * x + 2] = (byte) rgb;
            }
        }
    }

    private static byte[] text(String key, String value, boolean latin) throws IOException {
        ByteArrayOutputStream note = new ByteArrayOutputStream();
        note.write(key.getBytes(StandardCharsets.ISO_8859_1));
        note.write(new byte[latin ? 1 : 5]); // end of key; then not compressed, method, no language, no translated key
        note.write(value.getBytes(latin ? StandardCharsets.ISO_8859_1 : StandardCharsets.UTF_8));
        return note.toByteArray();
    }

    private static void chunk(DataOutputStream out, String type, byte[] data) throws IOException {
        byte[] name = type.getBytes(StandardCharsets.ISO_8859_1);
        CRC32 crc = new CRC32();
        crc.update(name);
        crc.update(data);
        out.writeInt(data.length);
        out.write(name);
        out.write(data);
        out.writeInt((int) crc.getValue());
    }

    /** Whether a file begins as a PNG does; not where it cannot be read. */
    public static boolean isOne(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            return Arrays.equals(in.readNBytes(SIGNATURE.length), SIGNATURE);
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * The notes in a PNG file: {@code iTXt} and {@code tEXt} chunks that are not compressed.
     *
     * @throws Problem (a failure) where the file is no PNG or is cut short
     */
    public static Map<String, String> readNotes(Path file) {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            return readNotes(in, file.toString());
        } catch (IOException e) {
            throw Problem.failure("cannot read " + file + ": " + AtomicFile.reason(e), e);
        }
    }

    /** As {@link #readNotes(Path)}; {@code where} names the stream in errors. */
    public static Map<String, String> readNotes(InputStream in, String where) throws IOException {
        if (!Arrays.equals(in.readNBytes(8), SIGNATURE)) {
            throw Problem.failure(where + " is not a PNG file");
        }
        Map<String, String> notes = new LinkedHashMap<>();
        long total = 0;
        while (true) {
            ByteBuffer head = ByteBuffer.wrap(in.readNBytes(8));
            if (head.remaining() < 8) {
                throw Problem.failure(where + " is cut short: it has no end mark");
            }
            int length = head.getInt();
            String type = new String(head.array(), 4, 4, StandardCharsets.ISO_8859_1);
            if (type.equals("IEND")) {
                return notes;
            }
            if (length < 0) {
                throw Problem.failure(where + " is not a sound PNG file: a chunk has a negative length");
            }
            boolean international = type.equals("iTXt");
            if ((international || type.equals("tEXt")) && total + length <= MAX_NOTES) {
                total += length;
                note(in.readNBytes(length), international, notes);
            } else {
                in.skipNBytes(length);
            }
            in.skipNBytes(4);
        }
    }

    private static void note(byte[] data, boolean international, Map<String, String> notes) {
        int end = indexOf(data, 0);
        if (end < 0) {
            return;
        }
        String key = new String(data, 0, end, StandardCharsets.ISO_8859_1);
        if (!international) {
            notes.put(key, new String(data, end + 1, data.length - end - 1, StandardCharsets.ISO_8859_1));
            return;
        }
        int language = end + 3 <= data.length && data[end + 1] == 0 ? indexOf(data, end + 3) : -1;
        int translated = language < 0 ? -1 : indexOf(data, language + 1);
        if (translated >= 0) {
            notes.put(key, new String(data, translated + 1, data.length - translated - 1, StandardCharsets.UTF_8));
        }
    }

    private static int indexOf(byte[] data, int from) {
        for (int i = from; i < data.length; i++) {
            if (data[i] == 0) {
                return i;
            }
        }
        return -1;
    }
}
