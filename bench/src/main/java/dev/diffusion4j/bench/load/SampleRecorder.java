// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.bench.load;

import dev.diffusion4j.codec.Moments;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.tensor.Tensors;
import org.bytedeco.pytorch.Tensor;

/** Keeps the numbers of the pictures that a thread drew last: what a service hands out is rounded to 8 bits. For models of pixels. */
final class SampleRecorder implements SampleCodec {
    private static final ThreadLocal<float[]> LAST = ThreadLocal.withInitial(() -> new float[0]);

    private final SampleCodec codec;

    SampleRecorder(SampleCodec codec) {
        this.codec = codec;
    }

    /** Of the calling thread. */
    float[] last() {
        return LAST.get();
    }

    @Override
    public Tensor pictures(Tensor samples) {
        LAST.set(Tensors.floats(samples));
        return codec.pictures(samples);
    }

    @Override
    public long[] shape(SampleSize size) {
        return codec.shape(size);
    }

    @Override
    public int pictureChannels() {
        return codec.pictureChannels();
    }

    @Override
    public Moments moments(Tensor pictures) {
        return codec.moments(pictures);
    }

    @Override
    public Tensor decode(Tensor samples) {
        return codec.decode(samples);
    }
}
