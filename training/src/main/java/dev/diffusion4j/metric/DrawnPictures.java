// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.metric;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.Example;
import dev.diffusion4j.data.PixelImage;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Pictures that were just drawn, as a data set: judged as they would be written, in 8 bits. */
public final class DrawnPictures implements Dataset {
    private final String description;
    private final List<PixelImage> images;
    private final @Nullable List<Integer> classes;

    /**
     * @param images grey or RGB, at least one
     * @param classes what was asked for, one a picture, or {@code null}
     */
    public DrawnPictures(String description, List<BufferedImage> images, @Nullable List<Integer> classes) {
        Check.that(!images.isEmpty(), "there must be at least one picture");
        this.description = description;
        this.images = images.stream().map(DrawnPictures::pixels).toList();
        this.classes = classes == null ? null : List.copyOf(classes);
    }

    private static PixelImage pixels(BufferedImage image) {
        Raster raster = image.getRaster();
        int channels = raster.getNumBands() == 1 && image.getType() == BufferedImage.TYPE_BYTE_GRAY ? 1 : 3;
        byte[] pixels = new byte[image.getWidth() * image.getHeight() * channels];
        for (int i = 0; i < image.getWidth() * image.getHeight(); i++) {
            int x = i % image.getWidth();
            int y = i / image.getWidth();
            int rgb = channels == 1 ? raster.getSample(x, y, 0) : image.getRGB(x, y);
            for (int c = 0; c < channels; c++) {
                pixels[i * channels + c] = (byte) (rgb >> 8 * (channels - 1 - c));
            }
        }
        return new PixelImage(image.getWidth(), image.getHeight(), channels, pixels);
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public int size() {
        return images.size();
    }

    @Override
    public int channels() {
        return images.get(0).channels();
    }

    @Override
    public int naturalSize() {
        return Math.min(images.get(0).width(), images.get(0).height());
    }

    @Override
    public List<String> classNames() {
        return List.of();
    }

    @Override
    public Example example(int index) {
        return new Example(images.get(index), classes == null ? -1 : classes.get(index), null);
    }

    @Override
    public boolean isCheap() {
        return true;
    }

    @Override
    public String fingerprint() {
        return Hashes.sha256(description);
    }
}
