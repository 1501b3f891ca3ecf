// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.codec;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.scheduler.SampleRange;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.tensor.NoiseSource;
import org.bytedeco.pytorch.Tensor;

/**
 * A sample is a picture, pixel by pixel, between the numbers that the network was trained on.
 *
 * @param channels C
 * @param range what is black and what is white in a sample
 */
public record PixelCodec(int channels, SampleRange range) implements SampleCodec {
    public PixelCodec {
        Check.positive(channels, "channels");
    }

    /** Of grey or coloured pictures in [−1, 1], as almost all networks have them and all data sets hand them out. */
    public static PixelCodec signed(int channels) {
        return new PixelCodec(channels, SampleRange.SIGNED);
    }

    /** Of the samples of a scheduler's chain: its config says their range. */
    public static PixelCodec of(int channels, Scheduler scheduler) {
        return new PixelCodec(channels, scheduler.sampleRange());
    }

    @Override
    public long[] shape(SampleSize size) {
        return new long[] {channels, size.height(), size.width()};
    }

    @Override
    public int pictureChannels() {
        return channels;
    }

    @Override
    public Tensor encode(Tensor pictures, NoiseSource noise) {
        return range.fromSigned(pictures);
    }

    @Override
    public Moments moments(Tensor pictures) {
        return Moments.exact(range.fromSigned(pictures));
    }

    @Override
    public Tensor decode(Tensor samples) {
        return range.toSigned(samples);
    }

    @Override
    public Tensor pictures(Tensor samples) {
        return range.toUnit(samples); // in one step, without the rounding of the way over decode
    }
}
