// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tracking;

import dev.diffusion4j.base.AtomicFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** NumPy's {@code .npy}, format 1.0. */
final class NpyFile {
    private static final int ALIGNMENT = 64;
    private static final int MAGIC_AND_LENGTH = 10;

    private NpyFile() {}

    /** Writes {@code float64 (N)}. */
    static void write(Path file, List<Double> values) {
        String header = "{'descr': '<f8', 'fortran_order': False, 'shape': (" + values.size() + ",), }";
        int padding = ALIGNMENT - (MAGIC_AND_LENGTH + header.length() + 1) % ALIGNMENT;
        byte[] text = (header + " ".repeat(padding) + "\n").getBytes(StandardCharsets.US_ASCII);
        ByteBuffer bytes = ByteBuffer.allocate(MAGIC_AND_LENGTH + text.length + Double.BYTES * values.size())
                .order(ByteOrder.LITTLE_ENDIAN);
        bytes.put((byte) 0x93)
                .put("NUMPY".getBytes(StandardCharsets.US_ASCII))
                .put((byte) 1)
                .put((byte) 0);
        bytes.putShort((short) text.length).put(text);
        values.forEach(bytes::putDouble);
        AtomicFile.write(file, out -> out.write(bytes.array()));
    }
}
