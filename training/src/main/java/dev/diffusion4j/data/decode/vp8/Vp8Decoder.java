// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode.vp8;

import dev.diffusion4j.data.PixelImage;
import dev.diffusion4j.data.decode.DecodeException;
import dev.diffusion4j.data.decode.PixelLimits;
import dev.diffusion4j.data.decode.vp8.LoopFilter.Edges;

/** One key frame of VP8 (RFC 6386), as lossy WebP files hold it, with the pixels of libwebp. */
public final class Vp8Decoder {
    private static final int SIDE = 16;

    private final FrameHeader header;
    private final int columns;
    private final int rows;
    private final Plane luma;
    private final Plane blueness;
    private final Plane redness;
    /** Of each macroblock, for the loop filter: its level, and whether its inner edges are filtered. */
    private final byte[] filterLevels;

    private final boolean[] filtersInner;

    private Vp8Decoder(FrameHeader header) {
        this.header = header;
        columns = (header.width + SIDE - 1) / SIDE;
        rows = (header.height + SIDE - 1) / SIDE;
        luma = new Plane(SIDE * columns, SIDE * rows);
        blueness = new Plane(SIDE / 2 * columns, SIDE / 2 * rows);
        redness = new Plane(SIDE / 2 * columns, SIDE / 2 * rows);
        filterLevels = new byte[columns * rows];
        filtersInner = new boolean[columns * rows];
    }

    /**
     * Decodes the frame in a part of a file.
     *
     * @throws DecodeException where it is damaged or cut short, or larger than {@link PixelLimits} allows
     */
    public static PixelImage decode(byte[] file, int start, int length) throws DecodeException {
        FrameHeader header = new FrameHeader(file, start, length);
        PixelLimits.check(header.width, header.height);
        Vp8Decoder decoder = new Vp8Decoder(header);
        decoder.macroblocks();
        decoder.filter();
        Colours colours = new Colours(decoder.luma, decoder.blueness, decoder.redness, header.width, header.height);
        return new PixelImage(header.width, header.height, 3, colours.rgb());
    }

    private void macroblocks() throws DecodeException {
        Macroblock block = new Macroblock(header, columns);
        Residuals residuals = new Residuals(header, columns);
        Prediction ofLuma = new Prediction(luma);
        Prediction ofBlueness = new Prediction(blueness);
        Prediction ofRedness = new Prediction(redness);
        for (int row = 0; row < rows; row++) {
            BoolReader partition = header.partitions[row % header.partitions.length];
            block.beginRow();
            residuals.beginRow();
            for (int column = 0; column < columns; column++) {
                block.read(column);
                boolean hasResiduals = false;
                if (block.isSkipped) {
                    residuals.skip(column, block.hasBlocks);
                } else {
                    hasResiduals = residuals.read(partition, column, block.hasBlocks, header.steps[block.segment]);
                }
                int index = row * columns + column;
                filterLevels[index] = (byte) header.strength.level(block.segment, block.hasBlocks);
                filtersInner[index] = block.hasBlocks || hasResiduals;
                luma(ofLuma, block, residuals, column, row);
                chroma(ofBlueness, blueness, block, residuals, 16, column, row);
                chroma(ofRedness, redness, block, residuals, 20, column, row);
            }
            if (header.modes.isPastEnd() || partition.isPastEnd()) {
                throw FrameHeader.cutShort();
            }
        }
    }

    private void luma(Prediction prediction, Macroblock block, Residuals residuals, int column, int row) {
        int at = luma.at(SIDE * column, SIDE * row);
        if (!block.hasBlocks) {
            prediction.square(at, SIDE, block.lumaMode, row > 0, column > 0);
        }
        int above = at - luma.stride;
        if (block.hasBlocks && row > 0 && column == columns - 1) {
            java.util.Arrays.fill(luma.levels, above + SIDE, above + SIDE + 4, luma.levels[above + SIDE - 1]);
        }
        for (int i = 0; i < 16; i++) {
            int place = at + i / 4 * 4 * luma.stride + i % 4 * 4;
            if (block.hasBlocks) {
                // on the right, the row above the macroblock stands for what is not decoded yet
                int right = i % 4 == 3 ? above + SIDE : place - luma.stride + 4;
                prediction.block(place, block.blockModes[i], right);
            }
            Transform.add(residuals.coefficients, 16 * i, luma.levels, place, luma.stride);
        }
    }

    private void chroma(
            Prediction prediction, Plane plane, Macroblock block, Residuals residuals, int first, int column, int row) {
        int side = SIDE / 2;
        int at = plane.at(side * column, side * row);
        prediction.square(at, side, block.chromaMode, row > 0, column > 0);
        for (int i = 0; i < 4; i++) {
            int place = at + i / 2 * 4 * plane.stride + i % 2 * 4;
            Transform.add(residuals.coefficients, 16 * (first + i), plane.levels, place, plane.stride);
        }
    }

    private void filter() {
        if (header.strength.isOff()) {
            return;
        }
        LoopFilter ofLuma = new LoopFilter(luma);
        LoopFilter ofBlueness = new LoopFilter(blueness);
        LoopFilter ofRedness = new LoopFilter(redness);
        for (int index = 0; index < filterLevels.length; index++) {
            int level = filterLevels[index];
            if (level == 0) {
                continue;
            }
            int column = index % columns;
            int row = index / columns;
            Edges edges = new Edges(
                    level,
                    header.strength.interior(level),
                    LoopStrength.edge(level),
                    column > 0,
                    row > 0,
                    filtersInner[index]);
            if (header.strength.isSimple) {
                ofLuma.simple(luma.at(SIDE * column, SIDE * row), edges);
            } else {
                int place = blueness.at(SIDE / 2 * column, SIDE / 2 * row);
                ofLuma.normal(luma.at(SIDE * column, SIDE * row), SIDE, edges);
                ofBlueness.normal(place, SIDE / 2, edges);
                ofRedness.normal(place, SIDE / 2, edges);
            }
        }
    }
}
