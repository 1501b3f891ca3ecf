// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.file;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.base.Worded;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * An array of unsigned bytes in the IDX format of the MNIST pages, plain or gzipped: two zero bytes, the type (8), the number of
 * dimensions, each dimension as four bytes, the values.
 *
 * @param shape the dimensions
 * @param values all of them, the last dimension fastest
 */
public record IdxFile(int[] shape, byte[] values) {
    private static final int UNSIGNED_BYTE = 8;

    /**
     * @param dimensions how many there must be: 3 for pictures, 1 for labels
     * @throws Problem (a failure) naming the file and what is wrong with it
     */
    public static IdxFile read(Path file, int dimensions) {
        try (InputStream in = open(file)) {
            byte[] start = in.readNBytes(4);
            if (start.length < 4 || start[0] != 0 || start[1] != 0) {
                throw Problem.failure(file + " is not an IDX file: it must begin with two zero bytes");
            }
            if (start[2] != UNSIGNED_BYTE || start[3] != dimensions) {
                throw Problem.failure(file + " holds type " + start[2] + " in " + start[3]
                        + " dimensions, but must hold unsigned bytes (type 8) in " + dimensions);
            }
            int[] shape = new int[dimensions];
            long total = 1;
            for (int i = 0; i < dimensions; i++) {
                shape[i] = int32(in);
                total *= Math.max(0, shape[i]);
                if (shape[i] < 1 || total > Integer.MAX_VALUE - 16) {
                    throw Problem.failure(file + " claims a size of " + Arrays.toString(shape) + ", which cannot be");
                }
            }
            byte[] values = in.readNBytes((int) total);
            if (values.length < total) {
                throw Problem.failure(file + " is cut short: it has " + values.length + " of " + total + " values");
            }
            return new IdxFile(shape, values);
        } catch (EOFException e) {
            throw Problem.failure(file + " is cut short", e);
        } catch (ZipException e) {
            throw Problem.failure(file + " is damaged: " + Worded.marked(e), e);
        } catch (IOException e) {
            throw Problem.failure("cannot read " + file + ": " + AtomicFile.reason(e), e);
        }
    }

    private static InputStream open(Path file) throws IOException {
        InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
        in.mark(2);
        boolean gzip = in.read() == 0x1f && in.read() == 0x8b;
        in.reset();
        return gzip ? new GZIPInputStream(in, 1 << 16) : in;
    }

    private static int int32(InputStream in) throws IOException {
        byte[] bytes = in.readNBytes(4);
        if (bytes.length < 4) {
            throw new EOFException();
        }
        return (bytes[0] & 0xff) << 24 | (bytes[1] & 0xff) << 16 | (bytes[2] & 0xff) << 8 | bytes[3] & 0xff;
    }
}
