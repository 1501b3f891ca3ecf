// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode.vp8;

/** The arithmetic decoder of RFC 6386, section 7. Behind its end it reads zeros, and knows that it did. */
final class BoolReader {
    private final byte[] data;
    private final int end;
    private int at;
    /** One less than the range of section 7. */
    private int range = 254;

    private long value;
    /** How many bits of {@link #value} lie below the eight that are compared. */
    private int bits = -8;

    private boolean isPastEnd;

    BoolReader(byte[] data, int start, int end) {
        this.data = data;
        this.at = start;
        this.end = end;
    }

    /** Whether more was read than there is. */
    boolean isPastEnd() {
        return isPastEnd;
    }

    /** 0 or 1; {@code probability} / 256 is that of 0. */
    int bit(int probability) {
        if (bits < 0) {
            fill();
        }
        int split = range * probability >> 8;
        int bit;
        if ((int) (value >> bits) > split) {
            range -= split + 1;
            value -= (long) (split + 1) << bits;
            bit = 1;
        } else {
            range = split;
            bit = 0;
        }
        if (range < 127) {
            int shift = Integer.numberOfLeadingZeros(range + 1) - 24;
            range = (range + 1 << shift) - 1;
            bits -= shift;
        }
        return bit;
    }

    private void fill() {
        while (bits < 0 || bits < 32 && at < end) {
            if (at < end) {
                value = value << 8 | data[at++] & 0xff;
            } else {
                value <<= 8;
                isPastEnd = true;
            }
            bits += 8;
        }
    }

    boolean flag() {
        return bit(128) != 0;
    }

    /** A whole number from 0 on of so many bits. */
    int number(int count) {
        int number = 0;
        for (int i = 0; i < count; i++) {
            number = number << 1 | bit(128);
        }
        return number;
    }

    /** A magnitude of so many bits, and a sign. */
    int signed(int count) {
        int number = number(count);
        return flag() ? -number : number;
    }

    /** As {@link #signed}, behind a flag that says whether it is there; else 0. */
    int optional(int count) {
        return flag() ? signed(count) : 0;
    }
}
