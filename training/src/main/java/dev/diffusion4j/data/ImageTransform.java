// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import java.util.random.RandomGenerator;

/** From a decoded picture to what a network is given. */
public interface ImageTransform {

    /** C, H and W of the result. */
    int channels();

    int height();

    int width();

    /**
     * @param image of any size and channels
     * @param random for flips and crops; one of its own for each use of each picture
     * @param into receives C·H·W values in [−1, 1], channel by channel, from {@code offset}
     */
    void apply(PixelImage image, RandomGenerator random, float[] into, int offset);
}
