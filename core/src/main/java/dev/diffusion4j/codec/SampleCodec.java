// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.codec;

import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.PassCost;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.TensorScope;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Between pictures and samples, which are what a network denoises: pixels in some range, or the latents of an autoencoder. Used by
 * training, by sampling, by every guidance loss and by everything that shows a step. It keeps no state of a call, so any number of
 * threads may use it at once. Pictures and samples may lie on any device: a codec with networks moves them to where these are.
 */
public interface SampleCodec extends AutoCloseable {

    /**
     * The shape of one sample.
     *
     * @param size of the picture, a multiple of {@link #scaleFactor()} in both directions
     * @return (C, H, W) of its sample
     */
    long[] shape(SampleSize size);

    /** C': channels of a picture. */
    int pictureChannels();

    /** A picture is this many times as high and as wide as its sample. */
    default int scaleFactor() {
        return 1;
    }

    /**
     * Pictures as samples, drawn where the codec gives a distribution.
     *
     * @param pictures {@code float32 (B, C', H', W')} in [−1, 1], as data sets hand them out
     * @param noise of the batch; a codec without a distribution draws nothing from it
     * @return {@code float32 (B, C, H, W)}, where the pictures lie or where the codec computes: {@code pictures} itself, or a new
     *     tensor owned by the current scope
     */
    default Tensor encode(Tensor pictures, NoiseSource noise) {
        return TensorScope.keepResult(() -> moments(pictures).sample(noise));
    }

    /** Whether pictures are encoded in f32, with noise that is drawn in f32, where Stable Diffusion XL computes in half precision. */
    default boolean encodesInFull() {
        return false;
    }

    /**
     * The distribution of the samples of pictures, for keeping it and drawing from it again and again.
     *
     * @param pictures {@code float32 (B, C', H', W')} in [−1, 1]
     * @return tensors owned by the current scope, or {@code pictures} itself
     */
    Moments moments(Tensor pictures);

    /**
     * The most likely latents of pictures, before they are brought to the variance of samples: what networks are given that change a
     * picture.
     *
     * @param pictures {@code float32 (B, C', H', W')} in [−1, 1]
     * @return {@code float32 (B, C, H, W)}, owned by the current scope, or {@code pictures} itself
     */
    default Tensor mode(Tensor pictures) {
        return moments(pictures).mean();
    }

    /**
     * The pictures of samples; differentiable.
     *
     * @param samples {@code float32 (B, C, H, W)}
     * @return {@code float32 (B, C', H', W')}, black −1 and white 1, not cut: {@code samples} itself, or a new tensor owned by the
     *     current scope
     */
    Tensor decode(Tensor samples);

    /**
     * The pictures of samples as they are shown, and as guidance losses see them; differentiable.
     *
     * @param samples {@code float32 (B, C, H, W)}
     * @return {@code float32 (B, C', H', W')}, black 0 and white 1, not cut; a new tensor owned by the current scope
     */
    default Tensor pictures(Tensor samples) {
        return TensorScope.keepResult(() -> decode(samples).add(new Scalar(1.0)).div(new Scalar(2.0)));
    }

    /**
     * What samples look like, roughly and at little cost, for watching a run; perhaps smaller than the pictures.
     *
     * @param samples {@code float32 (B, C, H, W)}
     * @return as {@link #pictures}
     */
    default Tensor preview(Tensor samples) {
        return pictures(samples);
    }

    /**
     * The same, working in overlapping tiles where a picture is large, so that its size costs no memory but its own; the results differ a
     * little. Itself where that cannot be, or changes nothing.
     */
    default SampleCodec inTiles() {
        return this;
    }

    /** Height and width in pixels of the tiles of {@link #inTiles}; 0 where it has none. */
    default int tile() {
        return 0;
    }

    /** What encoding one picture of that size costs; nothing where no network does it. */
    default PassCost encodeCost(SampleSize picture) {
        return PassCost.NONE;
    }

    /** What decoding one picture of that size costs; nothing where no network does it. */
    default PassCost decodeCost(SampleSize picture) {
        return PassCost.NONE;
    }

    /** Whether its samples are latents, which a network decodes. */
    default boolean hasLatents() {
        return !networks().isEmpty();
    }

    /**
     * Its networks, by the names of the parts that a pipeline's folder keeps them in: {@code vae}; borrowed. They are saved with the
     * pipeline, and do not learn.
     */
    default Map<String, Model> networks() {
        return Map.of();
    }

    /** Frees what it owns; a codec without tensors has nothing to do. */
    @Override
    default void close() {}
}
