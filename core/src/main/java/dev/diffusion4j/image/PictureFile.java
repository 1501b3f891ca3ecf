// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.image;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.tensor.Tensors;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.bytedeco.pytorch.Tensor;

/** Reads a picture that the user names: PNG, JPEG, GIF or BMP, whatever the JDK reads, turned as the camera was held. */
public final class PictureFile {
    private PictureFile() {}

    /** @throws Problem (a failure) where it cannot be read */
    public static BufferedImage read(Path file) {
        if (!Files.exists(file)) {
            throw Problem.failure("there is no picture " + file);
        }
        try {
            byte[] bytes = Files.readAllBytes(file);
            BufferedImage image = ImageIO.read(new ByteArrayInputStream(bytes));
            if (image != null) {
                return Exif.of(bytes).upright(image);
            }
        } catch (IOException | RuntimeException e) { // broken files throw all kinds
            String why = e instanceof IOException io ? AtomicFile.reason(io) : String.valueOf(e.getMessage());
            throw Problem.failure("cannot read the picture " + file + ": " + why, e);
        }
        throw Problem.failure(file + " is no picture that can be read; PNG, JPEG, GIF and BMP can");
    }

    /**
     * Its colours.
     *
     * @return {@code float32 (1, 3, H, W)}, 0 black and 1 white, owned by the current scope; grey levels are the file's own
     */
    public static Tensor colours(BufferedImage image) {
        int height = image.getHeight();
        int width = image.getWidth();
        float[] values = new float[3 * height * width];
        boolean grey = Levels.isGrey(image);
        float white = (1 << image.getColorModel().getComponentSize(0)) - 1;
        Raster raster = image.getRaster();
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int rgb = grey ? 0 : image.getRGB(x, y);
                for (int c = 0; c < 3; c++) {
                    values[(c * height + y) * width + x] =
                            grey ? raster.getSample(x, y, 0) / white : (rgb >> (16 - 8 * c) & 0xff) / 255f;
                }
            }
        }
        return Tensors.of(values, 1, 3, height, width);
    }

    /**
     * How opaque it is.
     *
     * @return {@code float32 (1, 1, H, W)}, 0 transparent and 1 opaque, owned by the current scope
     */
    public static Tensor opacity(BufferedImage image) {
        int height = image.getHeight();
        int width = image.getWidth();
        float[] values = new float[height * width];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                values[y * width + x] = (image.getRGB(x, y) >>> 24) / 255f;
            }
        }
        return Tensors.of(values, 1, 1, height, width);
    }
}
