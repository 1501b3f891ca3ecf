// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline.request;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.tensor.NoiseDtype;
import dev.diffusion4j.tensor.NoiseForm;
import dev.diffusion4j.tensor.NoiseGenerator;
import org.jspecify.annotations.Nullable;

/**
 * How many pictures of which size, and their noise.
 *
 * @param size of the pictures; {@code null} for the size that the network was made for
 * @param count how many pictures
 * @param seed of the first; picture k has {@code seed + k}, or all have this one where they go {@code toward} another
 * @param batchSize pictures drawn together; fewer need less memory, the pictures are the same
 * @param noise which stream each picture's noise comes from
 * @param noiseDtype the number format that the noise is drawn in: that of diffusers' {@code torch_dtype}
 * @param rng whose random numbers the noise is made of
 * @param tiles whether latents and pictures are made of each other in overlapping tiles, which need less memory and differ a little; {@code null}
 *     to choose by the memory that is free
 * @param toward another seed, where the pictures lie on the way from one noise to the other; {@code null} where they do not
 */
public record Canvas(
        @Nullable SampleSize size,
        int count,
        long seed,
        int batchSize,
        NoiseMode noise,
        NoiseDtype noiseDtype,
        NoiseGenerator rng,
        @Nullable Boolean tiles,
        @Nullable Toward toward) {
    /** One picture, seed 0. */
    public static final Canvas DEFAULT = new Canvas(
            null, 1, 0, 16, NoiseMode.PER_IMAGE, NoiseForm.DEFAULT.dtype(), NoiseForm.DEFAULT.generator(), null, null);

    public Canvas {
        Check.positive(count, "{count}");
        Check.that(seed >= 0, "{seed} must be >= 0, but was " + seed);
        long last = Long.MAX_VALUE - count + 1;
        Check.that(
                seed <= last,
                "{seed} must be at most " + last + " with {count} " + count
                        + ", because picture k is drawn with seed + k; but was " + seed);
        Check.positive(batchSize, "{batchSize}");
        Check.that(
                toward == null || noise == NoiseMode.PER_IMAGE,
                "{toward} needs {noise} " + NoiseMode.PER_IMAGE.key() + ", but it was " + noise.key());
    }

    /** Of these pictures only one: with its seed, or at its place on the way. */
    Canvas only(int index) {
        Toward place = toward == null ? null : Toward.at(toward.seed(), toward.share(index, count));
        return new Canvas(size, 1, seedOf(index), batchSize, noise, noiseDtype, rng, tiles, place);
    }

    /** The seed that a picture's noise begins with. */
    public long seedOf(int index) {
        return toward == null ? seed + index : seed;
    }

    /** What a seed's noise is. */
    public NoiseForm noiseForm() {
        return new NoiseForm(noiseDtype, rng);
    }

    /** Pictures that are drawn together: all of them where they share a stream of noise. */
    public int together() {
        return noise == NoiseMode.SHARED ? count : Math.min(batchSize, count);
    }

    /** How many batches it takes. */
    public int batches() {
        return (count - 1) / together() + 1;
    }
}
