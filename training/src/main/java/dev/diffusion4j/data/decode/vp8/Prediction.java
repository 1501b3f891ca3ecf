// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode.vp8;

import java.util.Arrays;

/** Levels from those above and to the left: RFC 6386, section 12. */
final class Prediction {
    private final byte[] levels;
    private final int stride;
    /** Around a block of 4×4, from its lower left over its upper left corner (4) to the upper right (12). */
    private final int[] edge = new int[13];

    Prediction(Plane plane) {
        levels = plane.levels;
        stride = plane.stride;
    }

    /** A square of 16 levels of luma, or 8 of chroma. */
    void square(int at, int size, int mode, boolean hasAbove, boolean hasLeft) {
        switch (mode) {
            case Macroblock.TRUE_MOTION -> trueMotion(at, size);
            case Macroblock.VERTICAL -> {
                for (int y = 0; y < size; y++) {
                    System.arraycopy(levels, at - stride, levels, at + y * stride, size);
                }
            }
            case Macroblock.HORIZONTAL -> {
                for (int y = 0; y < size; y++) {
                    int row = at + y * stride;
                    Arrays.fill(levels, row, row + size, levels[row - 1]);
                }
            }
            default -> fill(at, size, mean(at, size, hasAbove, hasLeft));
        }
    }

    private int mean(int at, int size, boolean hasAbove, boolean hasLeft) {
        int sum = 0;
        int count = 0;
        for (int i = 0; i < size; i++) {
            sum += (hasAbove ? levels[at - stride + i] & 0xff : 0) + (hasLeft ? levels[at + i * stride - 1] & 0xff : 0);
            count += (hasAbove ? 1 : 0) + (hasLeft ? 1 : 0);
        }
        return count == 0 ? 128 : (sum + count / 2) / count;
    }

    private void fill(int at, int size, int level) {
        for (int y = 0; y < size; y++) {
            Arrays.fill(levels, at + y * stride, at + y * stride + size, (byte) level);
        }
    }

    private void trueMotion(int at, int size) {
        int corner = levels[at - stride - 1] & 0xff;
        for (int y = 0; y < size; y++) {
            int row = at + y * stride;
            int difference = (levels[row - 1] & 0xff) - corner;
            for (int x = 0; x < size; x++) {
                levels[row + x] = Transform.level((levels[at - stride + x] & 0xff) + difference);
            }
        }
    }

    /**
     * A block of 4×4 levels of luma.
     *
     * @param right where the four levels above and to the right of it are
     */
    void block(int at, int mode, int right) {
        for (int i = 0; i < 4; i++) {
            edge[3 - i] = levels[at + i * stride - 1] & 0xff;
            edge[5 + i] = levels[at - stride + i] & 0xff;
            edge[9 + i] = levels[right + i] & 0xff;
        }
        edge[4] = levels[at - stride - 1] & 0xff;
        switch (mode) {
            case 0 -> fill(at, 4, mean(at, 4, true, true));
            case 1 -> trueMotion(at, 4);
            case 2 -> vertical(at);
            case 3 -> horizontal(at);
            case 4 -> leftDown(at);
            case 5 -> rightDown(at);
            case 6 -> verticalRight(at);
            case 7 -> verticalLeft(at);
            case 8 -> horizontalDown(at);
            default -> horizontalUp(at);
        }
    }

    private void put(int at, int x, int y, int level) {
        levels[at + y * stride + x] = (byte) level;
    }

    /** Of two neighbours on the edge. */
    private int two(int i) {
        return edge[i] + edge[i + 1] + 1 >> 1;
    }

    /** Of three, the one in the middle twice. */
    private int three(int middle) {
        return weighted(edge[middle - 1], edge[middle], edge[middle + 1]);
    }

    private static int weighted(int a, int b, int c) {
        return a + 2 * b + c + 2 >> 2;
    }

    private void vertical(int at) {
        for (int i = 0; i < 16; i++) {
            put(at, i % 4, i / 4, three(5 + i % 4));
        }
    }

    private void horizontal(int at) {
        for (int i = 0; i < 16; i++) {
            int y = i / 4;
            put(at, i % 4, y, y == 3 ? weighted(edge[1], edge[0], edge[0]) : three(3 - y));
        }
    }

    private void leftDown(int at) {
        for (int i = 0; i < 16; i++) {
            int middle = 6 + i % 4 + i / 4;
            put(at, i % 4, i / 4, middle == 12 ? weighted(edge[11], edge[12], edge[12]) : three(middle));
        }
    }

    private void rightDown(int at) {
        for (int i = 0; i < 16; i++) {
            put(at, i % 4, i / 4, three(4 + i % 4 - i / 4));
        }
    }

    private void verticalRight(int at) {
        for (int x = 0; x < 4; x++) {
            put(at, x, 0, two(4 + x));
            put(at, x, 1, three(4 + x));
            put(at, x, 2, x == 0 ? three(3) : two(3 + x));
            put(at, x, 3, x == 0 ? three(2) : three(3 + x));
        }
    }

    private void verticalLeft(int at) {
        for (int x = 0; x < 4; x++) {
            put(at, x, 0, two(5 + x));
            put(at, x, 1, three(6 + x));
            put(at, x, 2, x == 3 ? three(10) : two(6 + x));
            put(at, x, 3, x == 3 ? three(11) : three(7 + x));
        }
    }

    private void horizontalDown(int at) {
        for (int y = 0; y < 4; y++) {
            put(at, 0, y, two(3 - y));
            put(at, 1, y, three(4 - y));
            put(at, 2, y, y == 0 ? three(5) : two(4 - y));
            put(at, 3, y, y == 0 ? three(6) : three(5 - y));
        }
    }

    private void horizontalUp(int at) {
        int last = edge[0];
        int[] line = {two(2), three(2), two(1), three(1), two(0), weighted(edge[1], last, last), last};
        for (int i = 0; i < 16; i++) {
            put(at, i % 4, i / 4, line[Math.min(6, i % 4 + 2 * (i / 4))]);
        }
    }
}
