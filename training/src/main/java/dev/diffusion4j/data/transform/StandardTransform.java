// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.transform;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.data.PixelImage;
import java.util.random.RandomGenerator;

/**
 * The usual chain: channels, antialiased resize to a square, random flip, levels to [−1, 1] as {@code (x/255 − ½)/½} in single
 * precision, which is torchvision's {@code ToTensor} and {@code Normalize([0.5], [0.5])} bit by bit. Thread-safe.
 */
public final class StandardTransform implements ImageTransform {
    private static final float[] VALUES = new float[256];

    static {
        for (int level = 0; level < 256; level++) {
            VALUES[level] = (level / 255f - 0.5f) / 0.5f;
        }
    }

    private static final ThreadLocal<Resampler> RESAMPLER = ThreadLocal.withInitial(Resampler::new);

    private final int channels;
    private final int side;
    private final ResizeMode resize;
    private final boolean randomFlip;
    private final boolean invert;

    /**
     * @param channels 1 or 3
     * @param side of the result, in pixels
     */
    public StandardTransform(int channels, int side, ResizeMode resize, boolean randomFlip) {
        this(channels, side, resize, randomFlip, false);
    }

    /**
     * @param channels 1 or 3
     * @param side of the result, in pixels
     * @param invert whether light and dark change places
     */
    public StandardTransform(int channels, int side, ResizeMode resize, boolean randomFlip, boolean invert) {
        this.invert = invert;
        Check.that(channels == 1 || channels == 3, "channels must be 1 or 3, but was " + channels);
        this.channels = channels;
        this.side = Check.positive(side, "image_size");
        this.resize = resize;
        this.randomFlip = randomFlip;
    }

    @Override
    public int channels() {
        return channels;
    }

    @Override
    public int height() {
        return side;
    }

    @Override
    public int width() {
        return side;
    }

    /** A prepared picture comes back as it is, so that it does not matter whether it was. */
    @Override
    public PixelImage prepare(PixelImage image) {
        return resize.prepare(RESAMPLER.get(), image.withChannels(channels), side);
    }

    @Override
    public void apply(PixelImage image, RandomGenerator random, float[] into, int offset) {
        PixelImage prepared = prepare(image);
        boolean flip = randomFlip && random.nextBoolean();
        int left = resize.left(prepared, side, random);
        int top = resize.top(prepared, side, random);
        byte[] pixels = prepared.pixels();
        int mask = invert ? 0xff : 0;
        int step = flip ? -channels : channels;
        for (int c = 0; c < channels; c++) {
            for (int y = 0; y < side; y++) {
                int row = ((top + y) * prepared.width() + left) * channels + c;
                int from = flip ? row + (side - 1) * channels : row;
                int to = offset + (c * side + y) * side;
                for (int x = 0; x < side; x++) {
                    into[to + x] = VALUES[pixels[from + x * step] & 0xff ^ mask];
                }
            }
        }
    }
}
