// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.codec;

import static org.bytedeco.pytorch.global.torch.avg_pool2d;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.model.LentModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelRole;
import dev.diffusion4j.model.PassCost;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.autoencoder.AutoencoderKl;
import dev.diffusion4j.model.autoencoder.AutoencoderKlConfig;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.TensorScope;
import java.util.Map;
import java.util.function.BiFunction;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A sample is a picture's latent in an {@link AutoencoderKl}, brought to a variance of about 1. The network is borrowed. Pictures are
 * encoded and decoded one after the other, in tiles if that is asked for.
 */
public final class VaeCodec implements SampleCodec {
    /** diffusers' limits of the logarithm of a variance. */
    private static final double MIN_LOG_VARIANCE = -30;

    private static final double MAX_LOG_VARIANCE = 20;
    /** Of a tile's height and width. */
    private static final double OVERLAP = 0.25;
    /** Height and width of a latent that a preview is decoded from. */
    private static final long PREVIEW = 16;

    private final LentModel network;
    private final AutoencoderKlConfig config;
    private final LatentScale scale;
    private final Tiles tiles;
    private final boolean tiled;
    private final @Nullable SampleCodec small;

    /** @param network borrowed */
    public VaeCodec(AutoencoderKl network) {
        this(LentModel.of(network));
    }

    /** @param network lends an {@link AutoencoderKl}; borrowed */
    public VaeCodec(LentModel network) {
        this(network, false, null);
    }

    private VaeCodec(LentModel network, boolean tiled, @Nullable SampleCodec small) {
        this.network = network;
        this.config = network.ask(model -> ((AutoencoderKl) model).typedConfig());
        this.scale = LatentScale.of(config);
        this.tiles = new Tiles(network.ask(model -> ((AutoencoderKl) model).tile()), OVERLAP);
        this.tiled = tiled;
        this.small = small;
    }

    /**
     * The same, working in overlapping tiles of the autoencoder's {@code sample_size} where a picture is larger: its size then costs no
     * memory but its own, and it differs a little at the tiles' seams. Itself where {@code sample_size} is no size of a tile.
     */
    @Override
    public VaeCodec inTiles() {
        return tile() == 0 ? this : new VaeCodec(network, true, small);
    }

    @Override
    public int tile() {
        return tiles.side();
    }

    /** The same with previews by another codec of the same samples, such as a {@link TinyVaeCodec}; borrowed. */
    public VaeCodec withPreview(SampleCodec codec) {
        return new VaeCodec(network, tiled, codec);
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
        Tensor encoded = run(pictures, tiled ? AutoencoderKl::encodeTiled : AutoencoderKl::encode);
        long channels = config.latentChannels();
        Tensor logVariance = encoded.narrow(1, channels, channels)
                .clamp(
                        new ScalarOptional(new Scalar(MIN_LOG_VARIANCE)),
                        new ScalarOptional(new Scalar(MAX_LOG_VARIANCE)));
        return new Moments(
                encoded.narrow(1, 0, channels), logVariance.mul(new Scalar(0.5)).exp());
    }

    @Override
    public Tensor decode(Tensor samples) {
        return TensorScope.keepResult(
                () -> run(scale.toLatents(samples), tiled ? AutoencoderKl::decodeTiled : AutoencoderKl::decode));
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

    private Tensor run(Tensor batch, BiFunction<AutoencoderKl, Tensor, Tensor> pass) {
        return network.use(model -> OneByOne.run(batch, one -> pass.apply((AutoencoderKl) model, one)));
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
        return cost(picture, AutoencoderKl::encodeCost);
    }

    @Override
    public PassCost decodeCost(SampleSize picture) {
        return cost(picture, AutoencoderKl::decodeCost);
    }

    private PassCost cost(SampleSize picture, BiFunction<AutoencoderKl, SampleSize, PassCost> pass) {
        return network.ask(model -> {
            AutoencoderKl own = (AutoencoderKl) model;
            return tiled ? tiles.cost(picture, size -> pass.apply(own, size)) : pass.apply(own, picture);
        });
    }

    @Override
    public boolean hasLatents() {
        return true;
    }

    @Override
    public Map<String, Model> networks() {
        return Map.of(ModelRole.AUTOENCODER.component(), network.use(model -> model));
    }
}
