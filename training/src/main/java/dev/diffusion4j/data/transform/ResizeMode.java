// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.transform;

import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.data.PixelImage;
import java.util.random.RandomGenerator;

/** How a picture of any shape becomes a square. */
public enum ResizeMode implements Keyed {
    /** Stretched: the aspect is not kept. */
    EXACT("exact") {
        @Override
        PixelImage prepare(Resampler resampler, PixelImage image, int side) {
            return resampler.resize(image, 0, 0, image.width(), image.height(), side, side);
        }
    },
    /** The largest square around the middle, then resized. */
    CROP("crop") {
        @Override
        PixelImage prepare(Resampler resampler, PixelImage image, int side) {
            int square = Math.min(image.width(), image.height());
            int left = (image.width() - square) / 2;
            int top = (image.height() - square) / 2;
            return resampler.resize(image, left, top, square, square, side, side);
        }
    },
    /** The shorter side is resized, then a square is cut out anywhere, elsewhere each time. */
    RANDOM_CROP("random_crop") {
        @Override
        PixelImage prepare(Resampler resampler, PixelImage image, int side) {
            int shorter = Math.min(image.width(), image.height());
            int width = (int) ((long) side * image.width() / shorter);
            int height = (int) ((long) side * image.height() / shorter);
            return resampler.resize(image, 0, 0, image.width(), image.height(), width, height);
        }

        @Override
        int left(PixelImage prepared, int side, RandomGenerator random) {
            return random.nextInt(prepared.width() - side + 1);
        }

        @Override
        int top(PixelImage prepared, int side, RandomGenerator random) {
            return random.nextInt(prepared.height() - side + 1);
        }
    },
    /** The longer side is resized, the rest is black. */
    PAD("pad") {
        @Override
        PixelImage prepare(Resampler resampler, PixelImage image, int side) {
            int longer = Math.max(image.width(), image.height());
            int width = Math.max(1, Math.round((float) side * image.width() / longer));
            int height = Math.max(1, Math.round((float) side * image.height() / longer));
            PixelImage small = resampler.resize(image, 0, 0, image.width(), image.height(), width, height);
            return width == side && height == side ? small : small.onBlack(side, side);
        }
    };

    private final String key;

    ResizeMode(String key) {
        this.key = key;
    }

    @Override
    public String key() {
        return key;
    }

    /** What of it does not depend on chance: a picture at least {@code side}² large. Done once where pictures are kept in memory. */
    abstract PixelImage prepare(Resampler resampler, PixelImage image, int side);

    /** Where the square begins in a prepared picture. */
    int left(PixelImage prepared, int side, RandomGenerator random) {
        return 0;
    }

    int top(PixelImage prepared, int side, RandomGenerator random) {
        return 0;
    }
}
