// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;

/** Small pictures as text: two pixels above each other are a block character, bright ones filled. */
final class BlockPicture {
    private static final int SIDE = 12;
    private static final int PER_LINE = 5;
    private static final int BRIGHT = 100;
    private static final String GAP = "  ";

    private BlockPicture() {}

    /**
     * @param pictures of any size; each becomes {@value #SIDE} characters wide and half as high
     * @return lines of at most 70 characters, five pictures side by side
     */
    static List<String> lines(List<BufferedImage> pictures) {
        List<String> lines = new ArrayList<>();
        for (int first = 0; first < pictures.size(); first += PER_LINE) {
            List<BufferedImage> row = pictures.subList(first, Math.min(first + PER_LINE, pictures.size()));
            for (int y = 0; y < SIDE; y += 2) {
                StringBuilder line = new StringBuilder();
                for (BufferedImage picture : row) {
                    line.append(GAP);
                    for (int x = 0; x < SIDE; x++) {
                        line.append(block(isBright(picture, x, y), isBright(picture, x, y + 1)));
                    }
                }
                lines.add(line.toString().stripTrailing());
            }
        }
        return lines;
    }

    private static char block(boolean upper, boolean lower) {
        if (upper) {
            return lower ? '█' : '▀';
        }
        return lower ? '▄' : ' ';
    }

    /** The mean of the pixels that fall on cell (x, y) of a {@value #SIDE}×{@value #SIDE} picture. */
    private static boolean isBright(BufferedImage picture, int x, int y) {
        int left = x * picture.getWidth() / SIDE;
        int right = Math.max(left + 1, (x + 1) * picture.getWidth() / SIDE);
        int top = y * picture.getHeight() / SIDE;
        int bottom = Math.max(top + 1, (y + 1) * picture.getHeight() / SIDE);
        long sum = 0;
        for (int row = top; row < bottom; row++) {
            for (int column = left; column < right; column++) {
                sum += picture.getRGB(column, row) >> 8 & 0xff;
            }
        }
        return sum > (long) BRIGHT * (right - left) * (bottom - top);
    }
}
