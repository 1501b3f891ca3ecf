// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode.vp8;

import dev.diffusion4j.data.decode.vp8.FrameHeader.Steps;
import java.util.Arrays;

/** The coefficients of one macroblock, dequantized: RFC 6386, sections 13 and 14.3. */
final class Residuals {
    private static final int LUMA_BEHIND_MEANS = 0;
    private static final int MEANS = 1;
    private static final int CHROMA = 2;
    private static final int LUMA = 3;

    private static final int CONTEXT = 11;
    private static final int BAND = 3 * CONTEXT;
    private static final int TYPE = 8 * BAND;

    /** 16 blocks of luma, 4 of each chroma, of 16 coefficients, in rows. */
    final short[] coefficients = new short[24 * 16];

    private final int[] probabilities;
    private final short[] means = new short[16];
    /** Whether the block above has coefficients: per column 4 of luma, 2 of each chroma, and the means. */
    private final boolean[] above;

    private final boolean[] left = new boolean[9];

    Residuals(FrameHeader header, int columns) {
        probabilities = header.coefficients;
        above = new boolean[9 * columns];
    }

    void beginRow() {
        Arrays.fill(left, false);
    }

    /** A macroblock without coefficients. */
    void skip(int column, boolean hasBlocks) {
        Arrays.fill(coefficients, (short) 0);
        int known = hasBlocks ? 8 : 9; // means are where modes are of the whole macroblock
        Arrays.fill(above, 9 * column, 9 * column + known, false);
        Arrays.fill(left, 0, known, false);
    }

    /** Whether any coefficient is not zero. */
    boolean read(BoolReader reader, int column, boolean hasBlocks, Steps steps) {
        Arrays.fill(coefficients, (short) 0);
        int top = 9 * column;
        if (!hasBlocks) {
            Arrays.fill(means, (short) 0);
            int count = block(reader, MEANS, context(top + 8, 8), 0, steps.meanDc(), steps.meanAc(), means, 0);
            above[top + 8] = count > 0;
            left[8] = count > 0;
            Transform.means(means, coefficients);
        }
        int first = hasBlocks ? 0 : 1;
        int luma = hasBlocks ? LUMA : LUMA_BEHIND_MEANS;
        for (int i = 0; i < 16; i++) {
            int x = top + i % 4;
            int y = i / 4;
            int count = block(reader, luma, context(x, y), first, steps.lumaDc(), steps.lumaAc(), coefficients, 16 * i);
            above[x] = count > first;
            left[y] = count > first;
        }
        for (int i = 0; i < 8; i++) {
            int x = top + 4 + i / 4 * 2 + i % 2;
            int y = 4 + i / 4 * 2 + i % 4 / 2;
            int at = 16 * (16 + i);
            int count = block(reader, CHROMA, context(x, y), 0, steps.chromaDc(), steps.chromaAc(), coefficients, at);
            above[x] = count > 0;
            left[y] = count > 0;
        }
        for (short coefficient : coefficients) {
            if (coefficient != 0) {
                return true;
            }
        }
        return false;
    }

    private int context(int x, int y) {
        return (above[x] ? 1 : 0) + (left[y] ? 1 : 0);
    }

    /** @return the place behind the last coefficient that is not zero; {@code n} where there is none */
    private int block(BoolReader reader, int type, int context, int n, int dc, int ac, short[] into, int at) {
        int p = place(type, n, context);
        while (n < 16) {
            if (reader.bit(probabilities[p]) == 0) {
                return n;
            }
            while (reader.bit(probabilities[p + 1]) == 0) {
                n++;
                if (n == 16) {
                    return 16;
                }
                p = place(type, n, 0);
            }
            int value = 1;
            int next = 1;
            if (reader.bit(probabilities[p + 2]) != 0) {
                value = large(reader, p);
                next = 2;
            }
            int signed = reader.flag() ? -value : value;
            into[at + Tables.ZIGZAG[n]] = (short) (signed * (n > 0 ? ac : dc));
            n++;
            p = place(type, n, next);
        }
        return 16;
    }

    private static int place(int type, int n, int context) {
        return type * TYPE + Tables.BANDS[n] * BAND + context * CONTEXT;
    }

    private int large(BoolReader reader, int p) {
        if (reader.bit(probabilities[p + 3]) == 0) {
            return reader.bit(probabilities[p + 4]) == 0 ? 2 : 3 + reader.bit(probabilities[p + 5]);
        }
        if (reader.bit(probabilities[p + 6]) == 0) {
            if (reader.bit(probabilities[p + 7]) == 0) {
                return 5 + reader.bit(159);
            }
            int twos = reader.bit(165);
            return 7 + 2 * twos + reader.bit(145);
        }
        int high = reader.bit(probabilities[p + 8]);
        int kind = 2 * high + reader.bit(probabilities[p + 9 + high]);
        int value = 0;
        for (int probability : Tables.LARGE_VALUES[kind]) {
            value = 2 * value + reader.bit(probability);
        }
        return value + 3 + (8 << kind);
    }
}
