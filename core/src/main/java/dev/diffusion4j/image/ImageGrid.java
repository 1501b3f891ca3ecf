// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.image;

import dev.diffusion4j.base.Check;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.List;

/** Pictures of one size side by side, row by row, with a border around each: torchvision's {@code make_grid}. */
public final class ImageGrid {
    /** Pixels between the pictures. */
    public static final int PADDING = 2;
    /** Pictures with a shorter longer side are hard to see. */
    public static final int VISIBLE = 64;

    private ImageGrid() {}

    /**
     * @param images at least one, all of the first one's size
     * @param perRow how many in a row at most
     * @return columns·(W+2)+2 by rows·(H+2)+2 pixels, RGB, black borders
     */
    public static BufferedImage of(List<BufferedImage> images, int perRow) {
        return of(images, perRow, PADDING, Color.BLACK);
    }

    /** With another border. */
    public static BufferedImage of(List<BufferedImage> images, int perRow, int padding, Color border) {
        Check.that(!images.isEmpty(), "a grid needs at least one picture");
        Check.positive(perRow, "pictures per row");
        int width = images.get(0).getWidth();
        int height = images.get(0).getHeight();
        int columns = Math.min(perRow, images.size());
        int rows = (images.size() + columns - 1) / columns;
        BufferedImage grid = new BufferedImage(
                columns * (width + padding) + padding,
                rows * (height + padding) + padding,
                BufferedImage.TYPE_3BYTE_BGR);
        Graphics2D graphics = grid.createGraphics();
        graphics.setColor(border);
        graphics.fillRect(0, 0, grid.getWidth(), grid.getHeight());
        for (int i = 0; i < images.size(); i++) {
            int x = padding + i % columns * (width + padding);
            int y = padding + i / columns * (height + padding);
            paste(images.get(i), grid, x, y);
        }
        graphics.dispose();
        return grid;
    }

    /** Puts a grey or RGB picture into an RGB one, pixel by pixel: drawing a grey one would change its levels by the colour profile. */
    public static void paste(BufferedImage from, BufferedImage to, int left, int top) {
        boolean grey = from.getRaster().getNumBands() == 1;
        for (int y = 0; y < from.getHeight(); y++) {
            for (int x = 0; x < from.getWidth(); x++) {
                int level = from.getRaster().getSample(x, y, 0);
                to.setRGB(left + x, top + y, grey ? level << 16 | level << 8 | level : from.getRGB(x, y));
            }
        }
    }

    /** Small pictures enlarged by the whole factor that makes the longer side {@link #VISIBLE} or a little more; others as they are. */
    public static List<BufferedImage> visible(List<BufferedImage> images) {
        return images.stream()
                .map(image -> {
                    int side = Math.max(image.getWidth(), image.getHeight());
                    return side >= VISIBLE ? image : enlarge(image, (VISIBLE + side - 1) / side);
                })
                .toList();
    }

    /** Each pixel as a square of {@code factor}², for looking at small pictures. Grey stays grey, other pictures become RGB. */
    public static BufferedImage enlarge(BufferedImage image, int factor) {
        boolean grey = image.getRaster().getNumBands() == 1;
        BufferedImage large = new BufferedImage(
                image.getWidth() * factor,
                image.getHeight() * factor,
                grey ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_3BYTE_BGR);
        for (int y = 0; y < large.getHeight(); y++) {
            for (int x = 0; x < large.getWidth(); x++) {
                if (grey) { // a picture's RGB would be its levels changed by the colour profile
                    large.getRaster().setSample(x, y, 0, image.getRaster().getSample(x / factor, y / factor, 0));
                } else {
                    large.setRGB(x, y, image.getRGB(x / factor, y / factor));
                }
            }
        }
        return large;
    }
}
