// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode.vp8;

import java.util.Arrays;

/**
 * Levels of luma or of one chroma, in whole macroblocks, with what is taken to lie outside of the picture: 127 above it, 129 to its
 * left (RFC 6386, section 12.2).
 */
final class Plane {
    private static final int BEFORE = 1;
    /** Behind the last macroblock, what the row above the picture is taken to hold. */
    private static final int BEHIND = 4;

    final byte[] levels;
    final int stride;

    Plane(int width, int height) {
        stride = BEFORE + width + BEHIND;
        levels = new byte[Math.multiplyExact(stride, height + 1)];
        Arrays.fill(levels, 0, stride, (byte) 127);
        for (int y = 0; y < height; y++) {
            levels[at(-1, y)] = (byte) 129;
        }
    }

    int at(int x, int y) {
        return (y + 1) * stride + x + BEFORE;
    }
}
