// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.codec;

import static org.bytedeco.pytorch.global.torch.avg_pool2d;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.model.LentModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.PassCost;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.autoencoder.AutoencoderKl;
import dev.diffusion4j.model.autoencoder.AutoencoderKlConfig;
import dev.diffusion4j.model.autoencoder.LatentDistribution;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.TensorScope;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A sample is a picture's latent in an {@link AutoencoderKl}, brought to a variance of about 1. The network is borrowed. Pictures are
 * encoded and decoded one after the other, in tiles if that is asked for.
 */
public final class VaeCodec implements SampleCodec {
    /** Of a tile's height and width. */
    private static final double OVERLAP = 0.25;
    /** Height and width of a latent that a preview is decoded from. */
    private static final long PREVIEW = 16;

    private final LentAutoencoder<AutoencoderKl> network;
    private final AutoencoderKlConfig config;
    private final LatentScale scale;
    private final @Nullable SampleCodec small;

    /** @param network borrowed */
    public VaeCodec(AutoencoderKl network) {
        this(LentModel.of(network));
    }

    /** @param network lends an {@link AutoencoderKl}; borrowed */
    public VaeCodec(LentModel network) {
        this(new LentAutoencoder<>(network, AutoencoderKl.class, tiles(network), false), null);
    }

    private VaeCodec(LentAutoencoder<AutoencoderKl> network, @Nullable SampleCodec small) {
        this.network = network;
        this.config = network.ask(AutoencoderKl::typedConfig);
        this.scale = LatentScale.of(config);
        this.small = small;
    }

    private static Tiles tiles(LentModel network) {
        return new Tiles(network.ask(model -> ((AutoencoderKl) model).tile()), OVERLAP);
    }

    /**
     * The same, working in overlapping tiles of the autoencoder's {@code sample_size} where a picture is larger: its size then costs no
     * memory but its own, and it differs a little at the tiles' seams. Itself where {@code sample_size} is no size of a tile.
     */
    @Override
    public VaeCodec inTiles() {
        return tile() == 0 ? this : new VaeCodec(network.inTiles(), small);
    }

    /** The {@code scaling_factor} that its samples are latents times of. */
    public double scalingFactor() {
        return config.scalingFactor();
    }

    @Override
    public int tile() {
        return network.tiles().side();
    }

    /** The same with previews by another codec of the same samples, such as a {@link TinyVaeCodec}; borrowed. */
    public VaeCodec withPreview(SampleCodec codec) {
        return new VaeCodec(network, codec);
    }

    @Override
    public long[] shape(SampleSize size) {
        return new long[] {config.latentChannels(), size.height() / scaleFactor(), size.width() / scaleFactor()};
    }

    @Override
    public int pictureChannels() {
        return config.outChannels();
    }

    @Override
    public int scaleFactor() {
        return config.scaleFactor();
    }

    @Override
    public Tensor encode(Tensor pictures, NoiseSource noise) {
        // drawn before it is scaled, as diffusers does
        return TensorScope.keepResult(() -> scale.toSamples(latents(pictures).sample(noise)));
    }

    @Override
    public boolean encodesInFull() {
        return config.forceUpcast();
    }

    @Override
    public Tensor mode(Tensor pictures) {
        return TensorScope.keepResult(() -> latents(pictures).mean());
    }

    @Override
    public Moments moments(Tensor pictures) {
        return TensorScope.keepAll(
                () -> {
                    Moments latents = latents(pictures);
                    Tensor std = Check.given(latents.std(), "the deviation of a latent");
                    return new Moments(scale.toSamples(latents.mean()), scale.spread(std));
                },
                Moments::tensors);
    }

    /** The distribution of the autoencoder's own latents; of the current scope's. */
    private Moments latents(Tensor pictures) {
        LatentDistribution latents =
                LatentDistribution.of(network.run(pictures, AutoencoderKl::encode, AutoencoderKl::encodeTiled));
        return new Moments(latents.mean(), latents.std());
    }

    @Override
    public Tensor decode(Tensor samples) {
        return TensorScope.keepResult(
                () -> network.run(scale.toLatents(samples), AutoencoderKl::decode, AutoencoderKl::decodeTiled));
    }

    /**
     * What is left of pictures when they are encoded and decoded again, nothing drawn by chance.
     *
     * @param pictures {@code float32 (B, C', H', W')} in [−1, 1]
     * @return of the same shape, not cut; a new tensor owned by the current scope
     */
    public Tensor reconstruct(Tensor pictures) {
        return TensorScope.keepResult(() -> decode(moments(pictures).mean()));
    }

    /** By the preview's codec where there is one, else decoded from a latent that was averaged to a few numbers. */
    @Override
    public Tensor preview(Tensor samples) {
        if (small != null) {
            return small.pictures(samples);
        }
        long side = Math.max(samples.size(2), samples.size(3));
        long factor = Math.min((side + PREVIEW - 1) / PREVIEW, Math.min(samples.size(2), samples.size(3)));
        return TensorScope.keepResult(
                () -> pictures(factor <= 1 ? samples : avg_pool2d(samples, new long[] {factor, factor})));
    }

    @Override
    public PassCost encodeCost(SampleSize picture) {
        return network.cost(picture, AutoencoderKl::encodeCost);
    }

    @Override
    public PassCost decodeCost(SampleSize picture) {
        return network.cost(picture, AutoencoderKl::decodeCost);
    }

    @Override
    public boolean hasLatents() {
        return true;
    }

    @Override
    public Map<String, Model> networks() {
        return network.parts();
    }
}
