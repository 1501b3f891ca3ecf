// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode.vp8;

import dev.diffusion4j.data.decode.DecodeException;

/** What a key frame says before its macroblocks: RFC 6386, section 9 and 19.2. */
final class FrameHeader {
    static final int SEGMENTS = 4;
    private static final int START = 10;
    private static final int HIGHEST_INDEX = 127;
    private static final int HIGHEST_CHROMA_INDEX = 117;

    /**
     * Steps of one segment: of the first coefficient and of the others, in the blocks of luma, of luma's means and of chroma.
     */
    record Steps(int lumaDc, int lumaAc, int meanDc, int meanAc, int chromaDc, int chromaAc) {}

    final int width;
    final int height;
    /** Of modes, behind the header. */
    final BoolReader modes;
    /** Of coefficients; rows of macroblocks take them in turn. */
    final BoolReader[] partitions;

    final Steps[] steps = new Steps[SEGMENTS];
    final int[] segmentProbabilities = {255, 255, 255};
    final boolean hasSegmentMap;
    final LoopStrength strength;
    /** By block type, band, context and decision. */
    final int[] coefficients = Tables.COEFFICIENTS.clone();
    /** Of a macroblock without coefficients; −1 where none is marked so. */
    final int skipProbability;

    private final boolean hasSegments;
    /** Whether a segment's numbers stand for the frame's, or are added to them. */
    private boolean isAbsolute = true;

    private final int[] segmentQuantizers = new int[SEGMENTS];
    private final int[] segmentFilters = new int[SEGMENTS];

    /** @throws DecodeException where it is not sound, cut short, or not a key frame */
    FrameHeader(byte[] file, int start, int length) throws DecodeException {
        if (length < START) {
            throw cutShort();
        }
        int tag = file[start] & 0xff | (file[start + 1] & 0xff) << 8 | (file[start + 2] & 0xff) << 16;
        boolean isKeyFrame = (tag & 1) == 0 && (tag >> 4 & 1) == 1; // and is shown
        boolean isMarked = file[start + 3] == (byte) 0x9d && file[start + 4] == 1 && file[start + 5] == 0x2a;
        if (!isKeyFrame || !isMarked || (tag >> 1 & 7) > 3) {
            throw new DecodeException("the file is damaged: its picture does not begin as VP8 does");
        }
        width = u16(file, start + 6) & 0x3fff;
        height = u16(file, start + 8) & 0x3fff;
        int end = start + length;
        int first = start + START + (tag >> 5);
        if (first > end) {
            throw cutShort();
        }
        modes = new BoolReader(file, start + START, first);
        modes.number(2); // the colour space, and whether levels are clamped: they always are
        hasSegments = modes.flag();
        hasSegmentMap = hasSegments && readSegments();
        strength = new LoopStrength(modes, hasSegments, segmentFilters);
        strength.setAbsolute(isAbsolute);
        partitions = partitions(file, first, end, 1 << modes.number(2));
        readSteps();
        modes.flag(); // whether probabilities are kept for the next frame
        for (int i = 0; i < coefficients.length; i++) {
            if (modes.bit(Tables.COEFFICIENT_UPDATES[i]) != 0) {
                coefficients[i] = modes.number(8);
            }
        }
        skipProbability = modes.flag() ? modes.number(8) : -1;
        if (modes.isPastEnd()) {
            throw cutShort();
        }
    }

    static DecodeException cutShort() {
        return new DecodeException("the file is cut short");
    }

    private static int u16(byte[] file, int at) {
        return file[at] & 0xff | (file[at + 1] & 0xff) << 8;
    }

    /** Whether each macroblock names its segment. */
    private boolean readSegments() {
        boolean hasMap = modes.flag();
        if (modes.flag()) {
            isAbsolute = modes.flag();
            for (int i = 0; i < SEGMENTS; i++) {
                segmentQuantizers[i] = modes.optional(7);
            }
            for (int i = 0; i < SEGMENTS; i++) {
                segmentFilters[i] = modes.optional(6);
            }
        }
        if (hasMap) {
            for (int i = 0; i < segmentProbabilities.length; i++) {
                segmentProbabilities[i] = modes.flag() ? modes.number(8) : 255;
            }
        }
        return hasMap;
    }

    private static BoolReader[] partitions(byte[] file, int first, int end, int count) throws DecodeException {
        BoolReader[] partitions = new BoolReader[count];
        int at = first + 3 * (count - 1);
        int last = end;
        for (int i = 0; i < count && at <= end; i++) {
            int size = first + 3 * i;
            int length = i == count - 1 ? end - at : u16(file, size) | (file[size + 2] & 0xff) << 16;
            int next = Math.min(end, at + length);
            partitions[i] = new BoolReader(file, at, next);
            last = at;
            at = next;
        }
        if (last >= end) {
            throw cutShort();
        }
        return partitions;
    }

    private void readSteps() {
        int base = modes.number(7);
        int lumaDc = modes.optional(4);
        int meanDc = modes.optional(4);
        int meanAc = modes.optional(4);
        int chromaDc = modes.optional(4);
        int chromaAc = modes.optional(4);
        for (int i = 0; i < SEGMENTS; i++) {
            int index = hasSegments ? segmentQuantizers[i] + (isAbsolute ? 0 : base) : base;
            steps[i] = new Steps(
                    Tables.DC_STEPS[clamp(index + lumaDc, HIGHEST_INDEX)],
                    Tables.AC_STEPS[clamp(index, HIGHEST_INDEX)],
                    2 * Tables.DC_STEPS[clamp(index + meanDc, HIGHEST_INDEX)],
                    Math.max(8, Tables.AC_STEPS[clamp(index + meanAc, HIGHEST_INDEX)] * 155 / 100),
                    Tables.DC_STEPS[clamp(index + chromaDc, HIGHEST_CHROMA_INDEX)],
                    Tables.AC_STEPS[clamp(index + chromaAc, HIGHEST_INDEX)]);
        }
    }

    private static int clamp(int index, int highest) {
        return Math.max(0, Math.min(highest, index));
    }
}
