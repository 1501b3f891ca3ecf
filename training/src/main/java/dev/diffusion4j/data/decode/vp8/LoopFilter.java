// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode.vp8;

/** Smooths the edges of macroblocks and of the blocks in them: RFC 6386, section 15. */
final class LoopFilter {
    private final byte[] levels;
    private final int stride;

    LoopFilter(Plane plane) {
        levels = plane.levels;
        stride = plane.stride;
    }

    /** Of one macroblock's plane: how strongly, and which edges. */
    record Edges(int level, int interior, int threshold, boolean hasLeft, boolean hasAbove, boolean hasInner) {
        int limit() {
            return 2 * level + interior;
        }
    }

    /** Only luma, 16×16 levels at {@code at}. */
    void simple(int at, Edges edges) {
        int outer = 2 * (edges.limit() + 4) + 1;
        int inner = 2 * edges.limit() + 1;
        if (edges.hasLeft()) {
            simpleEdge(at, 1, stride, outer);
        }
        for (int k = 4; edges.hasInner() && k < 16; k += 4) {
            simpleEdge(at + k, 1, stride, inner);
        }
        if (edges.hasAbove()) {
            simpleEdge(at, stride, 1, outer);
        }
        for (int k = 4; edges.hasInner() && k < 16; k += 4) {
            simpleEdge(at + k * stride, stride, 1, inner);
        }
    }

    private void simpleEdge(int at, int across, int along, int limit) {
        for (int i = 0, p = at; i < 16; i++, p += along) {
            if (distance(p, across) <= limit) {
                two(p, across);
            }
        }
    }

    /** {@code size} is 16 for luma, 8 for chroma. */
    void normal(int at, int size, Edges edges) {
        int outer = 2 * (edges.limit() + 4) + 1;
        int inner = 2 * edges.limit() + 1;
        if (edges.hasLeft()) {
            normalEdge(at, 1, stride, size, outer, edges, true);
        }
        for (int k = 4; edges.hasInner() && k < size; k += 4) {
            normalEdge(at + k, 1, stride, size, inner, edges, false);
        }
        if (edges.hasAbove()) {
            normalEdge(at, stride, 1, size, outer, edges, true);
        }
        for (int k = 4; edges.hasInner() && k < size; k += 4) {
            normalEdge(at + k * stride, stride, 1, size, inner, edges, false);
        }
    }

    private void normalEdge(int at, int across, int along, int size, int limit, Edges edges, boolean isOuter) {
        for (int i = 0, p = at; i < size; i++, p += along) {
            if (distance(p, across) > limit || !isSmooth(p, across, edges.interior())) {
                continue;
            }
            int threshold = edges.threshold();
            boolean isSharp =
                    difference(p - 2 * across, p - across) > threshold || difference(p, p + across) > threshold;
            if (isSharp) {
                two(p, across);
            } else if (isOuter) {
                six(p, across);
            } else {
                four(p, across);
            }
        }
    }

    private int level(int at) {
        return levels[at] & 0xff;
    }

    private int difference(int a, int b) {
        return Math.abs(level(a) - level(b));
    }

    /** How far the levels on both sides of an edge lie apart. */
    private int distance(int p, int across) {
        return 4 * difference(p - across, p) + difference(p - 2 * across, p + across);
    }

    private boolean isSmooth(int p, int across, int interior) {
        return difference(p - 4 * across, p - 3 * across) <= interior
                && difference(p - 3 * across, p - 2 * across) <= interior
                && difference(p - 2 * across, p - across) <= interior
                && difference(p + 3 * across, p + 2 * across) <= interior
                && difference(p + 2 * across, p + across) <= interior
                && difference(p + across, p) <= interior;
    }

    /** Changes one level on each side. */
    private void two(int p, int across) {
        int step = 3 * (level(p) - level(p - across)) + signedByte(level(p - 2 * across) - level(p + across));
        levels[p - across] = Transform.level(level(p - across) + eighth(step + 3));
        levels[p] = Transform.level(level(p) - eighth(step + 4));
    }

    /** Changes two levels on each side. */
    private void four(int p, int across) {
        int step = 3 * (level(p) - level(p - across));
        int near = eighth(step + 4);
        int far = near + 1 >> 1;
        levels[p - 2 * across] = Transform.level(level(p - 2 * across) + far);
        levels[p - across] = Transform.level(level(p - across) + eighth(step + 3));
        levels[p] = Transform.level(level(p) - near);
        levels[p + across] = Transform.level(level(p + across) - far);
    }

    /** Changes three levels on each side. */
    private void six(int p, int across) {
        int step =
                signedByte(3 * (level(p) - level(p - across)) + signedByte(level(p - 2 * across) - level(p + across)));
        for (int i = 0; i < 3; i++) {
            int change = (27 - 9 * i) * step + 63 >> 7;
            int before = p - (i + 1) * across;
            int behind = p + i * across;
            levels[before] = Transform.level(level(before) + change);
            levels[behind] = Transform.level(level(behind) - change);
        }
    }

    private static int signedByte(int value) {
        return Math.max(-128, Math.min(127, value));
    }

    private static int eighth(int value) {
        return Math.max(-16, Math.min(15, value >> 3));
    }
}
