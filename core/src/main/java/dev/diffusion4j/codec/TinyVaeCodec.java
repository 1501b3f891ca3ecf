// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.codec;

import dev.diffusion4j.model.LentModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelRole;
import dev.diffusion4j.model.PassCost;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.autoencoder.AutoencoderTiny;
import dev.diffusion4j.model.autoencoder.AutoencoderTinyConfig;
import dev.diffusion4j.tensor.TensorScope;
import java.util.Map;
import java.util.function.BiFunction;
import org.bytedeco.pytorch.Tensor;

/**
 * A sample is a picture's latent in an {@link AutoencoderTiny}, which makes the samples that an autoencoder of {@link VaeCodec} makes, one
 * for a picture. The network is borrowed. Pictures are encoded and decoded one after the other, in tiles if that is asked for.
 */
public final class TinyVaeCodec implements SampleCodec {
    /** In pixels, as diffusers has it. */
    private static final Tiles TILES = new Tiles(512, 0.125);

    private final LentModel network;
    private final AutoencoderTinyConfig config;
    private final LatentScale scale;
    private final boolean tiled;

    /** @param network borrowed */
    public TinyVaeCodec(AutoencoderTiny network) {
        this(LentModel.of(network));
    }

    /** @param network lends an {@link AutoencoderTiny}; borrowed */
    public TinyVaeCodec(LentModel network) {
        this(network, false);
    }

    private TinyVaeCodec(LentModel network, boolean tiled) {
        this.network = network;
        this.config = network.ask(model -> ((AutoencoderTiny) model).typedConfig());
        this.scale = LatentScale.of(config);
        this.tiled = tiled;
    }

    /** The same, working in overlapping tiles where a picture is larger than 512 pixels. */
    @Override
    public TinyVaeCodec inTiles() {
        return new TinyVaeCodec(network, true);
    }

    @Override
    public int tile() {
        return TILES.side();
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
    public Tensor mode(Tensor pictures) {
        return run(pictures, tiled ? AutoencoderTiny::encodeTiled : AutoencoderTiny::encode);
    }

    @Override
    public Moments moments(Tensor pictures) {
        return Moments.exact(TensorScope.keepResult(() -> scale.toSamples(mode(pictures))));
    }

    @Override
    public Tensor decode(Tensor samples) {
        return TensorScope.keepResult(
                () -> run(scale.toLatents(samples), tiled ? AutoencoderTiny::decodeTiled : AutoencoderTiny::decode));
    }

    private Tensor run(Tensor batch, BiFunction<AutoencoderTiny, Tensor, Tensor> pass) {
        return network.use(model -> OneByOne.run(batch, one -> pass.apply((AutoencoderTiny) model, one)));
    }

    @Override
    public PassCost encodeCost(SampleSize picture) {
        return cost(picture, AutoencoderTiny::encodeCost);
    }

    @Override
    public PassCost decodeCost(SampleSize picture) {
        return cost(picture, AutoencoderTiny::decodeCost);
    }

    private PassCost cost(SampleSize picture, BiFunction<AutoencoderTiny, SampleSize, PassCost> pass) {
        return network.ask(model -> {
            AutoencoderTiny own = (AutoencoderTiny) model;
            return tiled ? TILES.cost(picture, size -> pass.apply(own, size)) : pass.apply(own, picture);
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
