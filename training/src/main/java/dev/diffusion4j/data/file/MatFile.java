// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.file;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.InflaterInputStream;

/** The numeric arrays of a MATLAB 5 file ({@code .mat}), deflated or not, as whole numbers: MAT-File Format, level 5. */
public final class MatFile {
    private static final int HEADER = 128;
    private static final int MATRIX = 14;
    private static final int COMPRESSED = 15;
    private static final long MOST_BYTES = 1 << 26;

    private final String name;
    private final Map<String, int[]> arrays = new LinkedHashMap<>();

    private MatFile(String name) {
        this.name = name;
    }

    /**
     * All numeric arrays by name, column by column; others are passed over.
     *
     * @throws Problem (a failure) where the file cannot be read or is not of this form
     */
    public static Map<String, int[]> read(Path file) {
        MatFile reader = new MatFile(file.toString());
        try {
            byte[] bytes = Files.readAllBytes(file);
            if (bytes.length < HEADER) {
                throw reader.broken();
            }
            boolean little = bytes[126] == 'I' && bytes[127] == 'M';
            ByteBuffer buffer = ByteBuffer.wrap(bytes).order(little ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
            reader.elements(buffer.position(HEADER));
        } catch (BufferUnderflowException | IllegalArgumentException | IndexOutOfBoundsException e) {
            throw reader.broken();
        } catch (IOException e) {
            throw Problem.failure("cannot read " + file + ": " + AtomicFile.reason(e), e);
        }
        return reader.arrays;
    }

    private Problem broken() {
        return Problem.failure(name + " is not a sound MATLAB 5 file");
    }

    /** A tag and its data; small data lie within the tag. */
    private record Element(int type, ByteBuffer data) {}

    private static Element next(ByteBuffer buffer) {
        int first = buffer.getInt();
        int type = first & 0xffff;
        int size = first >>> 16;
        boolean small = size != 0;
        if (!small) {
            size = buffer.getInt();
        }
        ByteBuffer data = buffer.slice(buffer.position(), size).order(buffer.order());
        int room = small ? 4 : type == COMPRESSED ? size : (size + 7) / 8 * 8;
        buffer.position(Math.min(buffer.limit(), buffer.position() + room));
        return new Element(type, data);
    }

    private void elements(ByteBuffer buffer) throws IOException {
        while (buffer.remaining() >= 8) {
            Element element = next(buffer);
            if (element.type == COMPRESSED) {
                elements(inflated(element.data));
            } else if (element.type == MATRIX) {
                matrix(element.data);
            }
        }
    }

    private ByteBuffer inflated(ByteBuffer data) throws IOException {
        byte[] packed = new byte[data.remaining()];
        data.get(packed);
        try (InflaterInputStream in = new InflaterInputStream(new ByteArrayInputStream(packed))) {
            byte[] bytes = in.readNBytes((int) MOST_BYTES);
            return ByteBuffer.wrap(bytes).order(data.order());
        }
    }

    /** Flags, dimensions, name, numbers. */
    private void matrix(ByteBuffer data) {
        int kind = next(data).data.getInt() & 0xff;
        next(data);
        String array = StandardCharsets.US_ASCII.decode(next(data).data).toString();
        boolean numeric = kind >= 6 && kind <= 13;
        if (numeric) {
            arrays.put(array, numbers(next(data)));
        }
    }

    private int[] numbers(Element element) {
        int width =
                switch (element.type) {
                    case 1, 2 -> 1;
                    case 3, 4 -> 2;
                    case 5, 6, 7 -> 4;
                    case 9, 12, 13 -> 8;
                    default -> throw broken();
                };
        int[] values = new int[element.data.remaining() / width];
        for (int i = 0; i < values.length; i++) {
            values[i] = switch (element.type) {
                case 1 -> element.data.get();
                case 2 -> element.data.get() & 0xff;
                case 3 -> element.data.getShort();
                case 4 -> element.data.getShort() & 0xffff;
                case 7 -> (int) element.data.getFloat();
                case 9 -> (int) element.data.getDouble();
                case 12, 13 -> (int) element.data.getLong();
                default -> element.data.getInt();
            };
        }
        return values;
    }
}
