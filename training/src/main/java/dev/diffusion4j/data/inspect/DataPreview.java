// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.inspect;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.data.BrokenExampleException;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.Example;
import dev.diffusion4j.data.PixelImage;
import dev.diffusion4j.data.random.EpochOrder;
import dev.diffusion4j.data.transform.Resampler;
import dev.diffusion4j.image.ImageGrid;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A picture of a data set's pictures, each in its own shape, with its class or caption below. */
public final class DataPreview {
    private static final Logger LOG = LoggerFactory.getLogger(DataPreview.class);
    private static final int LINE = 14;
    private static final int FONT_SIZE = 11;
    private static final Color PAPER = new Color(0xF4F4F4);
    private static final Color INK = new Color(0x202020);

    private final int cell;
    private @Nullable Font font = new Font(Font.SANS_SERIF, Font.PLAIN, FONT_SIZE);

    private DataPreview(int cell) {
        this.cell = cell;
    }

    /**
     * Some pictures of a data set, drawn by chance; broken ones are left out.
     *
     * @param count how many at most
     * @param perRow how many in a row
     * @param cell the side, in pixels, of the square that each is fitted into; small ones are enlarged by a whole number
     * @return RGB
     */
    public static BufferedImage grid(Dataset dataset, int count, int perRow, int cell, long seed) {
        Check.positive(count, "count");
        Check.inRange(cell, 16, 1024, "cell");
        DataPreview preview = new DataPreview(cell);
        EpochOrder order = new EpochOrder(dataset.size(), true, seed);
        List<Example> examples = new ArrayList<>();
        for (int i = 0; i < dataset.size() && examples.size() < count; i++) {
            try {
                examples.add(dataset.example(order.index(0, i)));
            } catch (BrokenExampleException e) {
                LOG.warn("passed over {}", e.getMessage());
            }
        }
        boolean captions = examples.stream().anyMatch(example -> example.caption() != null);
        int lines = captions ? 3 : dataset.classNames().isEmpty() ? 0 : 1;
        List<BufferedImage> cells = new ArrayList<>();
        for (Example example : examples) {
            cells.add(preview.draw(example, label(example, dataset.classNames()), lines));
        }
        return ImageGrid.of(cells, perRow, ImageGrid.PADDING, PAPER);
    }

    private static String label(Example example, List<String> classNames) {
        if (example.caption() != null) {
            return example.caption();
        }
        return example.label() >= 0 && example.label() < classNames.size() ? classNames.get(example.label()) : "";
    }

    private BufferedImage draw(Example example, String label, int lines) {
        BufferedImage canvas = new BufferedImage(cell, cell + lines * LINE, BufferedImage.TYPE_3BYTE_BGR);
        Graphics2D graphics = canvas.createGraphics();
        graphics.setColor(PAPER);
        graphics.fillRect(0, 0, canvas.getWidth(), canvas.getHeight());
        PixelImage image = fit(example.image().withChannels(3));
        int left = (cell - image.width()) / 2;
        int top = (cell - image.height()) / 2;
        for (int y = 0; y < image.height(); y++) {
            for (int x = 0; x < image.width(); x++) {
                int rgb = image.level(x, y, 0) << 16 | image.level(x, y, 1) << 8 | image.level(x, y, 2);
                canvas.setRGB(left + x, top + y, rgb);
            }
        }
        write(graphics, label, lines);
        graphics.dispose();
        return canvas;
    }

    /** Inside the cell: pixels repeated where it is at most half as large, resized where it is larger. */
    private PixelImage fit(PixelImage image) {
        int longer = Math.max(image.width(), image.height());
        int factor = cell / longer;
        if (factor > 1) {
            return image.enlarged(factor);
        }
        if (longer <= cell) {
            return image;
        }
        int width = Math.max(1, image.width() * cell / longer);
        int height = Math.max(1, image.height() * cell / longer);
        return new Resampler().resize(image, 0, 0, image.width(), image.height(), width, height);
    }

    /** Java needs fonts of the system; a preview without words is better than none. */
    private void write(Graphics2D graphics, String label, int lines) {
        if (font == null || lines == 0) {
            return;
        }
        try {
            graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
            graphics.setColor(INK);
            graphics.setFont(font);
            FontMetrics metrics = graphics.getFontMetrics();
            List<String> wrapped = wrap(label, lines, metrics);
            for (int i = 0; i < wrapped.size(); i++) {
                int x = Math.max(0, (cell - metrics.stringWidth(wrapped.get(i))) / 2);
                graphics.drawString(wrapped.get(i), x, cell + (i + 1) * LINE - 3);
            }
        } catch (RuntimeException | LinkageError | InternalError e) {
            LOG.warn("no labels in the preview: Java finds no fonts on this system ({})", e.toString());
            font = null;
        }
    }

    private List<String> wrap(String label, int lines, FontMetrics metrics) {
        List<String> wrapped = new ArrayList<>();
        String line = "";
        for (String word : label.split(" ")) {
            String longer = line.isEmpty() ? word : line + " " + word;
            if (metrics.stringWidth(longer) <= cell || line.isEmpty()) {
                line = longer;
            } else {
                wrapped.add(line);
                line = word;
            }
        }
        wrapped.add(line);
        if (wrapped.size() > lines) {
            wrapped = new ArrayList<>(wrapped.subList(0, lines));
            wrapped.set(lines - 1, wrapped.get(lines - 1) + "…");
        }
        wrapped.replaceAll(text -> shorten(text, metrics));
        return wrapped;
    }

    private String shorten(String text, FontMetrics metrics) {
        String shorter = text;
        while (shorter.length() > 1 && metrics.stringWidth(shorter) > cell) {
            shorter = shorter.substring(0, shorter.length() - 2) + "…";
        }
        return shorter;
    }
}
