// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import dev.diffusion4j.base.Check;
import org.bytedeco.pytorch.Tensor;

/**
 * Where Gaussian noise comes from; nothing in this library touches LibTorch's global generator. Noise is always drawn on the
 * CPU, as f32 if no other {@link NoiseForm} is asked for, in NCHW order, then converted, so that it does not depend on the device or the
 * precision.
 */
public interface NoiseSource extends AutoCloseable {

    /**
     * ε ~ N(0, I).
     *
     * @param shape (B, C, H, W)
     * @return {@code float32} on the CPU, contiguous; owned by the current scope
     */
    Tensor randn(long... shape);

    /** ε ~ N(0, I) with the shape, dtype and device of {@code sample}; owned by the current scope. */
    default Tensor like(Tensor sample) {
        return TensorScope.keepResult(() -> {
            long[] shape = Tensors.shape(sample);
            return randn(shape).to(sample.device(), Tensors.type(sample));
        });
    }

    /** The stream of the batch's first image alone, for draws of one image; borrowed, and valid as long as this is. */
    default NoiseSource ofFirst() {
        return this;
    }

    /**
     * The same streams, drawn from as f32 whatever {@link NoiseForm#dtype()} says: for the draws that diffusers makes in f32 in every
     * precision. Borrowed, and valid as long as this is.
     */
    default NoiseSource inFull() {
        return this;
    }

    /** Frees the generators. */
    @Override
    void close();

    /** One stream for the whole batch: equals {@code torch.Generator("cpu").manual_seed(seed)}. */
    static RandomStream shared(long seed) {
        return new RandomStream(seed);
    }

    /** As {@link #shared(long)}, drawn in another form; seeds must be ≥ 0. */
    static NoiseSource shared(long seed, NoiseForm form) {
        Check.that(seed >= 0, "{seed} must be >= 0, but was " + seed);
        return form.open(seed);
    }

    /**
     * Image k of a batch draws from its own stream, seeded {@code firstSeed + k}, so that a picture does not depend on the batch
     * it was drawn in: equals diffusers called with a list of generators.
     *
     * @param count the batch size of every draw
     */
    static NoiseSource perImage(long firstSeed, int count) {
        return perImage(firstSeed, count, NoiseForm.DEFAULT);
    }

    /** As {@link #perImage(long, int)}, drawn in another form. */
    static NoiseSource perImage(long firstSeed, int count, NoiseForm form) {
        return PerImageNoise.of(firstSeed, count, form);
    }

    /** As {@link #perImage(long, int, NoiseForm)}, where image k's stream has the seed {@code seeds[k]}. */
    static NoiseSource perImage(long[] seeds, NoiseForm form) {
        return PerImageNoise.of(seeds, form);
    }

    /**
     * Between the noises of two seeds, along the great circle through them, so that what lies between is as likely as the ends:
     * image k gets the point at {@code shares[k]}. At 0 and 1 it is what {@link #perImage(long, int, NoiseForm)} draws for the seed.
     *
     * @param firstSeed ≥ 0
     * @param secondSeed ≥ 0
     * @param shares one an image, 0 (the first seed's) … 1 (the second's)
     */
    static NoiseSource between(long firstSeed, long secondSeed, NoiseForm form, double... shares) {
        Check.that(firstSeed >= 0, "{seed} must be >= 0, but was " + firstSeed);
        Check.that(secondSeed >= 0, "{seed} must be >= 0, but was " + secondSeed);
        return new NoiseBetween(form.open(firstSeed), form.open(secondSeed), shares);
    }
}
