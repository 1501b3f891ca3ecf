// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode.vp8;

/** From coefficients to differences of levels: RFC 6386, sections 14.3 and 14.4, in whole numbers. */
final class Transform {
    private Transform() {}

    /** The Walsh-Hadamard transform of the means of 16 blocks into the first coefficient of each. */
    static void means(short[] in, short[] out) {
        int[] rows = new int[16];
        for (int i = 0; i < 4; i++) {
            int a0 = in[i] + in[12 + i];
            int a1 = in[4 + i] + in[8 + i];
            int a2 = in[4 + i] - in[8 + i];
            int a3 = in[i] - in[12 + i];
            rows[i] = a0 + a1;
            rows[4 + i] = a3 + a2;
            rows[8 + i] = a0 - a1;
            rows[12 + i] = a3 - a2;
        }
        for (int i = 0; i < 4; i++) {
            int first = rows[4 * i] + 3;
            int a0 = first + rows[4 * i + 3];
            int a1 = rows[4 * i + 1] + rows[4 * i + 2];
            int a2 = rows[4 * i + 1] - rows[4 * i + 2];
            int a3 = first - rows[4 * i + 3];
            out[64 * i] = (short) (a0 + a1 >> 3);
            out[64 * i + 16] = (short) (a3 + a2 >> 3);
            out[64 * i + 32] = (short) (a0 - a1 >> 3);
            out[64 * i + 48] = (short) (a3 - a2 >> 3);
        }
    }

    /** Adds the inverse cosine transform of 16 coefficients to a block of 4×4 levels. */
    static void add(short[] in, int from, byte[] plane, int at, int stride) {
        int[] columns = new int[16];
        for (int i = 0; i < 4; i++) {
            int a = in[from + i] + in[from + 8 + i];
            int b = in[from + i] - in[from + 8 + i];
            int c = sine(in[from + 4 + i]) - cosine(in[from + 12 + i]);
            int d = cosine(in[from + 4 + i]) + sine(in[from + 12 + i]);
            columns[4 * i] = a + d;
            columns[4 * i + 1] = b + c;
            columns[4 * i + 2] = b - c;
            columns[4 * i + 3] = a - d;
        }
        for (int y = 0; y < 4; y++) {
            int first = columns[y] + 4;
            int a = first + columns[8 + y];
            int b = first - columns[8 + y];
            int c = sine(columns[4 + y]) - cosine(columns[12 + y]);
            int d = cosine(columns[4 + y]) + sine(columns[12 + y]);
            int row = at + y * stride;
            plane[row] = level((plane[row] & 0xff) + (a + d >> 3));
            plane[row + 1] = level((plane[row + 1] & 0xff) + (b + c >> 3));
            plane[row + 2] = level((plane[row + 2] & 0xff) + (b - c >> 3));
            plane[row + 3] = level((plane[row + 3] & 0xff) + (a - d >> 3));
        }
    }

    /** √2 · cos(π/8). */
    private static int cosine(int value) {
        return value + (value * 20091 >> 16);
    }

    /** √2 · sin(π/8). */
    private static int sine(int value) {
        return value * 35468 >> 16;
    }

    static byte level(int value) {
        return (byte) Math.max(0, Math.min(255, value));
    }
}
