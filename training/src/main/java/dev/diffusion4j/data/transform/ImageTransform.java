// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.transform;

import dev.diffusion4j.data.PixelImage;
import java.util.random.RandomGenerator;

/** From a decoded picture to what a network is given. Thread-safe. */
public interface ImageTransform {

    /** C, H and W of the result. */
    int channels();

    int height();

    int width();

    /**
     * The part of the work that is the same each time, from pixels to fewer pixels; its result may be kept. {@link #apply} makes
     * the same of it as of {@code image}.
     */
    default PixelImage prepare(PixelImage image) {
        return image;
    }

    /**
     * @param image of any size and channels
     * @param random for flips and crops; one of its own for each use of each picture
     * @param into receives C·H·W values in [−1, 1], channel by channel, from {@code offset}
     */
    void apply(PixelImage image, RandomGenerator random, float[] into, int offset);
}
