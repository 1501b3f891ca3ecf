// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode.vp8;

/** How strongly the edges of blocks are smoothed: RFC 6386, sections 9.6 and 15.2. */
final class LoopStrength {
    /** Whether only luma is filtered, in the simple way. */
    final boolean isSimple;

    private final int level;
    private final int sharpness;
    private final boolean hasDeltas;
    /** Of a picture that is predicted from itself. */
    private int intraDelta;
    /** Of a macroblock whose blocks have modes of their own. */
    private int blocksDelta;

    private final boolean hasSegments;
    private final int[] segmentLevels;
    private boolean isAbsolute;

    /** Reads it from the header. */
    LoopStrength(BoolReader header, boolean hasSegments, int[] segmentLevels) {
        this.hasSegments = hasSegments;
        this.segmentLevels = segmentLevels;
        isSimple = header.flag();
        level = header.number(6);
        sharpness = header.number(3);
        hasDeltas = header.flag();
        if (hasDeltas && header.flag()) {
            int[] deltas = new int[8]; // four by what a macroblock is predicted from, four by its mode
            for (int i = 0; i < deltas.length; i++) {
                deltas[i] = header.optional(6);
            }
            intraDelta = deltas[0];
            blocksDelta = deltas[4];
        }
    }

    /** Whether segments have levels of their own, or add to the frame's. */
    void setAbsolute(boolean absolute) {
        isAbsolute = absolute;
    }

    /** Whether nothing is filtered. */
    boolean isOff() {
        return level == 0;
    }

    /** The level of a macroblock, 0 … 63; 0 is not filtered. */
    int level(int segment, boolean hasBlocks) {
        int own = hasSegments ? segmentLevels[segment] + (isAbsolute ? 0 : level) : level;
        if (hasDeltas) {
            own += intraDelta + (hasBlocks ? blocksDelta : 0);
        }
        return Math.max(0, Math.min(63, own));
    }

    /** The largest difference of neighbours inside of a block that is still smoothed. */
    int interior(int ofLevel) {
        int limit = ofLevel;
        if (sharpness > 0) {
            limit >>= sharpness > 4 ? 2 : 1;
            limit = Math.min(limit, 9 - sharpness);
        }
        return Math.max(1, limit);
    }

    /** Differences above it are edges of the picture itself. */
    static int edge(int ofLevel) {
        return ofLevel >= 40 ? 2 : ofLevel >= 15 ? 1 : 0;
    }
}
