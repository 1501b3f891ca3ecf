// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import dev.diffusion4j.base.HeapShare;
import dev.diffusion4j.base.Problem;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** The bytes of a pickle, in order. Lengths that they claim are believed only as far as the bytes are there. */
final class PickleInput {
    /** Honest pickles have some hundred bytes a tensor. */
    private static final int MAX_BYTES = HeapShare.count(100_000_000, 4);

    private static final int MAX_LINE = 1000;
    private static final int MAX_INTEGER = 1000;

    private final InputStream in;
    private final long begin;
    private final String where;
    private int consumed;

    PickleInput(ByteSource source, long begin, long end, String where) {
        this.in = new BufferedInputStream(source.stream(begin, end), 1 << 13);
        this.begin = begin;
        this.where = where;
    }

    /** Where the next byte is in the source. */
    long position() {
        return begin + consumed;
    }

    int u8() {
        count(1);
        try {
            int value = in.read();
            if (value < 0) {
                throw endsEarly();
            }
            return value;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    int u16() {
        return number(2).getShort() & 0xffff;
    }

    int i32() {
        return number(4).getInt();
    }

    long u32() {
        return i32() & 0xffffffffL;
    }

    long i64() {
        return number(8).getLong();
    }

    /** A double, which pickles hold big-endian. */
    double f64() {
        return number(8).order(ByteOrder.BIG_ENDIAN).getDouble();
    }

    /** A whole number of that many bytes, little-endian, with a sign: {@code Long}, or {@code BigInteger} where it is larger. */
    Object integer(int length) {
        if (length < 0 || length > MAX_INTEGER) {
            throw TorchPickle.broken(where, "its pickle holds a number of " + length + " bytes");
        }
        byte[] bigEndian = bytes(length);
        for (int i = 0, j = length - 1; i < j; i++, j--) {
            byte swap = bigEndian[i];
            bigEndian[i] = bigEndian[j];
            bigEndian[j] = swap;
        }
        BigInteger value = length == 0 ? BigInteger.ZERO : new BigInteger(bigEndian);
        return value.bitLength() < Long.SIZE ? (Object) value.longValue() : value;
    }

    private ByteBuffer number(int length) {
        return ByteBuffer.wrap(bytes(length)).order(ByteOrder.LITTLE_ENDIAN);
    }

    byte[] bytes(long length) {
        count(length);
        try {
            byte[] bytes = in.readNBytes((int) length); // takes memory as the bytes come
            if (bytes.length < length) {
                throw endsEarly();
            }
            return bytes;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** ASCII up to a line end, which is dropped. */
    String line() {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int c = u8(); c != '\n'; c = u8()) {
            line.write(c);
            if (line.size() > MAX_LINE) {
                throw TorchPickle.broken(where, "a name in its pickle is longer than " + MAX_LINE + " letters");
            }
        }
        return line.toString(StandardCharsets.UTF_8);
    }

    private void count(long length) {
        if (length < 0 || length > MAX_BYTES - consumed) {
            throw TorchPickle.broken(where, "its pickle claims more than " + MAX_BYTES + " bytes");
        }
        consumed += (int) length;
    }

    private Problem endsEarly() {
        return TorchPickle.broken(where, "it ends in the middle of its pickle; it was cut short, fetch it again");
    }
}
