// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.image;

import dev.diffusion4j.base.Check;
import java.awt.image.BufferedImage;

/**
 * A rectangle of a picture, in pixels.
 *
 * @param left its first column
 * @param top its first row
 * @param right the column behind its last
 * @param bottom the row behind its last
 */
public record CropRegion(int left, int top, int right, int bottom) {

    public CropRegion {
        Check.that(left < right && top < bottom, "a region must have pixels");
    }

    /**
     * What holds all that is not black in a mask, with a margin, widened to the form of the pictures that are drawn as far as the mask
     * reaches: what diffusers' {@code get_crop_region} finds.
     *
     * @param width of the pictures that are drawn
     * @param height of them
     * @param padding pixels around, where there are so many
     * @throws IllegalArgumentException where all is black
     */
    public static CropRegion around(BufferedImage mask, int width, int height, int padding) {
        int[] grey = Levels.grey(mask);
        int all = mask.getWidth();
        int left = all;
        int right = 0;
        int top = mask.getHeight();
        int bottom = 0;
        for (int i = 0; i < grey.length; i++) {
            if (grey[i] != 0) {
                left = Math.min(left, i % all);
                right = Math.max(right, i % all + 1);
                top = Math.min(top, i / all);
                bottom = Math.max(bottom, i / all + 1);
            }
        }
        Check.that(left < right, "the mask is black everywhere, so there is nothing to draw anew");
        Span across = new Span(left, right).padded(padding, all);
        Span down = new Span(top, bottom).padded(padding, mask.getHeight());
        double form = (double) width / height;
        if ((double) across.length() / down.length() > form) {
            down = down.grown((int) (across.length() / form - down.length()), mask.getHeight());
        } else {
            across = across.grown((int) (down.length() * form - across.length()), all);
        }
        return new CropRegion(across.from, down.from, across.to, down.to);
    }

    public int width() {
        return right - left;
    }

    public int height() {
        return bottom - top;
    }

    /** What lies in it; black where the picture ends before it. */
    public BufferedImage of(BufferedImage image) {
        int[] from = Levels.of(image);
        int[] levels = new int[Levels.CHANNELS * width() * height()];
        int count = Levels.CHANNELS * Math.max(0, Math.min(right, image.getWidth()) - left);
        for (int y = top; y < Math.min(bottom, image.getHeight()); y++) {
            int source = Levels.CHANNELS * (y * image.getWidth() + left);
            System.arraycopy(from, source, levels, Levels.CHANNELS * (y - top) * width(), count);
        }
        return Levels.image(levels, width(), height());
    }

    /** Places of a line. */
    private record Span(int from, int to) {
        int length() {
            return to - from;
        }

        Span padded(int padding, int end) {
            return new Span(Math.max(0, from - padding), (int) Math.min((long) to + padding, end));
        }

        /** On both sides, moved back into the line where it would reach over an end, and cut at its end. */
        Span grown(int more, int end) {
            int first = from - more / 2;
            int last = to + more - more / 2;
            int over = Math.max(0, last - end);
            first -= over;
            last -= over;
            int under = Math.max(0, -first);
            return new Span(first + under, Math.min(last + under, end));
        }
    }
}
