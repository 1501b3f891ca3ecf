// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.file;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;

/** Unpacks picture files of a tar archive, gzipped or not: POSIX {@code ustar}. */
public final class TarFile {
    private static final int BLOCK = 512;
    private static final int GZIP = 0x1f;

    private TarFile() {}

    /**
     * Unpacks the files whose names end so, without their folders.
     *
     * @throws IOException where the archive ends too early or is none
     */
    public static void unpack(Path archive, String ending, Path folder) throws IOException {
        try (BufferedInputStream file = new BufferedInputStream(Files.newInputStream(archive), 1 << 16)) {
            file.mark(1);
            boolean gzipped = file.read() == GZIP;
            file.reset();
            try (InputStream in = gzipped ? new GZIPInputStream(file, 1 << 16) : file) {
                unpack(in, ending, folder);
            }
        }
    }

    private static void unpack(InputStream in, String ending, Path folder) throws IOException {
        for (byte[] header = in.readNBytes(BLOCK);
                header.length == BLOCK && header[0] != 0;
                header = in.readNBytes(BLOCK)) {
            String path = text(header, 0, 100);
            String name = path.substring(path.lastIndexOf('/') + 1);
            long size = size(header);
            boolean isFile = header[156] == '0' || header[156] == 0;
            long padding = (BLOCK - size % BLOCK) % BLOCK;
            if (isFile && name.endsWith(ending) && !name.startsWith(".")) {
                try (OutputStream out = Files.newOutputStream(folder.resolve(name))) {
                    copy(in, out, size);
                }
                in.skipNBytes(padding);
            } else {
                in.skipNBytes(size + padding);
            }
        }
    }

    private static void copy(InputStream in, OutputStream out, long size) throws IOException {
        byte[] buffer = new byte[1 << 16];
        for (long left = size; left > 0; ) {
            int read = in.read(buffer, 0, (int) Math.min(buffer.length, left));
            if (read < 0) {
                throw new IOException("the archive ends too early");
            }
            out.write(buffer, 0, read);
            left -= read;
        }
    }

    private static String text(byte[] header, int start, int length) {
        int end = start;
        while (end < start + length && header[end] != 0) {
            end++;
        }
        return new String(header, start, end - start, StandardCharsets.UTF_8);
    }

    private static long size(byte[] header) throws IOException {
        try {
            return Long.parseLong(text(header, 124, 12).trim(), 8);
        } catch (NumberFormatException e) {
            throw new IOException("it is not a tar archive", e);
        }
    }
}
