// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.data;

import dev.diffusion4j.data.BrokenExampleException;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.PixelImage;
import dev.diffusion4j.data.transform.Resampler;
import dev.diffusion4j.data.transform.ResizeMode;
import dev.diffusion4j.data.transform.StandardTransform;
import dev.diffusion4j.serve.Refusal;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;

/** Pictures of a data set as PNGs: as they are, small, and as a network sees them. */
final class DataPictures {
    private DataPictures() {}

    /** How a recipe prepares a picture. */
    record Prepared(int side, ResizeMode resize, int channels, boolean isMirrored, boolean isInverted) {}

    /** One picture that fits into a square; small ones stay as they are. */
    static byte[] fitted(Dataset dataset, int index, int side) {
        PixelImage image = image(dataset, index);
        int longest = Math.max(image.width(), image.height());
        if (longest > side) {
            int width = Math.max(1, (int) ((long) image.width() * side / longest));
            int height = Math.max(1, (int) ((long) image.height() * side / longest));
            image = new Resampler().resize(image, 0, 0, image.width(), image.height(), width, height);
        }
        return png(image);
    }

    /** What a training is given of a picture. Crops by chance are cut with a fixed seed. */
    static byte[] prepared(Dataset dataset, int index, Prepared how) {
        PixelImage image = image(dataset, index);
        StandardTransform transform =
                new StandardTransform(how.channels(), how.side(), how.resize(), false, how.isInverted());
        float[] values = new float[how.channels() * how.side() * how.side()];
        transform.apply(image, new SplittableRandom(0), values, 0);
        byte[] pixels = new byte[values.length];
        int area = how.side() * how.side();
        for (int c = 0; c < how.channels(); c++) {
            for (int i = 0; i < area; i++) {
                int x = i % how.side();
                int at = how.isMirrored() ? i - x + how.side() - 1 - x : i;
                pixels[i * how.channels() + c] = (byte) Math.round((values[c * area + at] / 2 + 0.5f) * 255);
            }
        }
        return png(new PixelImage(how.side(), how.side(), how.channels(), pixels));
    }

    private static PixelImage image(Dataset dataset, int index) {
        if (index < 0 || index >= dataset.size()) {
            throw Refusal.missing("the data set has no such picture");
        }
        try {
            return dataset.example(index).image();
        } catch (BrokenExampleException e) {
            throw new Refusal(422, String.valueOf(e.getMessage()), "broken_picture", null);
        }
    }

    static byte[] png(PixelImage image) {
        PixelImage rgb = image.withChannels(3);
        BufferedImage canvas = new BufferedImage(rgb.width(), rgb.height(), BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < rgb.height(); y++) {
            for (int x = 0; x < rgb.width(); x++) {
                canvas.setRGB(x, y, rgb.level(x, y, 0) << 16 | rgb.level(x, y, 1) << 8 | rgb.level(x, y, 2));
            }
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            ImageIO.write(canvas, "png", out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }
}
