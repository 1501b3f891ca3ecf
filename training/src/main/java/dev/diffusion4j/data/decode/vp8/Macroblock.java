// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode.vp8;

import java.util.Arrays;

/**
 * The modes of one macroblock, 16×16 pixels, by RFC 6386, sections 10 and 11. Read one after the other: what lies above and to the
 * left decides the probabilities.
 */
final class Macroblock {
    static final int DC = 0;
    static final int TRUE_MOTION = 1;
    static final int VERTICAL = 2;
    static final int HORIZONTAL = 3;

    /** Section 11.2: a pair for each decision; a mode, or below 0 the next decision. Modes are numbered as there. */
    private static final int[][] SUBBLOCK_TREE = {
        {0, -1}, {1, -2}, {2, -3}, {-4, -6}, {3, -5}, {5, 6}, {4, -7}, {7, -8}, {8, 9}
    };

    int segment;
    boolean isSkipped;
    /** Whether each block of 4×4 has a mode of its own. */
    boolean hasBlocks;

    int lumaMode;
    int chromaMode;
    final int[] blockModes = new int[16];

    private final FrameHeader header;
    private final int[] above;
    private final int[] left = new int[4];

    Macroblock(FrameHeader header, int columns) {
        this.header = header;
        above = new int[4 * columns];
    }

    void beginRow() {
        Arrays.fill(left, DC);
    }

    void read(int column) {
        BoolReader reader = header.modes;
        int[] segments = header.segmentProbabilities;
        segment = !header.hasSegmentMap
                ? 0
                : reader.bit(segments[0]) == 0 ? reader.bit(segments[1]) : 2 + reader.bit(segments[2]);
        isSkipped = header.skipProbability >= 0 && reader.bit(header.skipProbability) != 0;
        hasBlocks = reader.bit(145) == 0;
        if (hasBlocks) {
            readBlocks(reader, column);
        } else {
            lumaMode = reader.bit(156) != 0
                    ? reader.bit(128) != 0 ? TRUE_MOTION : HORIZONTAL
                    : reader.bit(163) != 0 ? VERTICAL : DC;
            Arrays.fill(above, 4 * column, 4 * column + 4, lumaMode);
            Arrays.fill(left, lumaMode);
        }
        chromaMode = reader.bit(142) == 0
                ? DC
                : reader.bit(114) == 0 ? VERTICAL : reader.bit(183) != 0 ? TRUE_MOTION : HORIZONTAL;
    }

    private void readBlocks(BoolReader reader, int column) {
        for (int block = 0; block < 16; block++) {
            int x = 4 * column + block % 4;
            int y = block / 4;
            int probabilities = 9 * (10 * above[x] + left[y]);
            int decision = 0;
            int mode;
            do {
                mode = SUBBLOCK_TREE[decision][reader.bit(Tables.SUBBLOCK_MODES[probabilities + decision])];
                decision = -mode;
            } while (mode < 0);
            blockModes[block] = mode;
            above[x] = mode;
            left[y] = mode;
        }
    }
}
