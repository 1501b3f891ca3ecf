// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.image;

import dev.diffusion4j.base.Check;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.List;

/** Pictures of any size with a title above each, on white. */
public final class Panels {
    private static final int TITLE = 22;
    private static final int GAP = 12;

    private Panels() {}

    /**
     * Side by side.
     *
     * @param pictures at least one
     * @param titles one for each; without fonts on this system they are omitted
     */
    public static BufferedImage row(List<BufferedImage> pictures, List<String> titles) {
        return draw(pictures, titles, true);
    }

    /** One below the other. */
    public static BufferedImage column(List<BufferedImage> pictures, List<String> titles) {
        return draw(pictures, titles, false);
    }

    private static BufferedImage draw(List<BufferedImage> pictures, List<String> titles, boolean row) {
        Check.that(!pictures.isEmpty(), "there must be at least one picture");
        Check.that(
                titles.size() == pictures.size(),
                "there are " + titles.size() + " titles for " + pictures.size() + " pictures");
        int width = GAP;
        int height = GAP;
        for (BufferedImage picture : pictures) {
            int across = picture.getWidth() + GAP;
            int down = picture.getHeight() + TITLE + GAP;
            width = row ? width + across : Math.max(width, across + GAP);
            height = row ? Math.max(height, down + GAP) : height + down;
        }
        BufferedImage sheet = new BufferedImage(width, height, BufferedImage.TYPE_3BYTE_BGR);
        Graphics2D pen = sheet.createGraphics();
        pen.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        pen.setColor(Color.WHITE);
        pen.fillRect(0, 0, width, height);
        int left = GAP;
        int top = GAP;
        for (int i = 0; i < pictures.size(); i++) {
            BufferedImage picture = pictures.get(i);
            write(pen, titles.get(i), left, top + TITLE - 7);
            ImageGrid.paste(picture, sheet, left, top + TITLE);
            left += row ? picture.getWidth() + GAP : 0;
            top += row ? 0 : picture.getHeight() + TITLE + GAP;
        }
        pen.dispose();
        return sheet;
    }

    private static void write(Graphics2D pen, String title, int left, int base) {
        try {
            pen.setColor(Color.DARK_GRAY);
            pen.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13));
            pen.drawString(title, left, base);
        } catch (RuntimeException | LinkageError | InternalError e) {
            // no fonts on this system: the pictures are worth more than their titles
        }
    }
}
