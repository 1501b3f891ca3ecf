// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.codec;

import dev.diffusion4j.model.LentModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.PassCost;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.autoencoder.AutoencoderTiny;
import dev.diffusion4j.model.autoencoder.AutoencoderTinyConfig;
import dev.diffusion4j.tensor.TensorScope;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * A sample is a picture's latent in an {@link AutoencoderTiny}, which makes the samples that an autoencoder of {@link VaeCodec} makes, one
 * for a picture. The network is borrowed. Pictures are encoded and decoded one after the other, in tiles if that is asked for.
 */
public final class TinyVaeCodec implements SampleCodec {
    /** In pixels, as diffusers has it. */
    private static final Tiles TILES = new Tiles(512, 0.125);

    private final LentAutoencoder<AutoencoderTiny> network;
    private final AutoencoderTinyConfig config;
    private final LatentScale scale;

    /** @param network borrowed */
    public TinyVaeCodec(AutoencoderTiny network) {
        this(LentModel.of(network));
    }

    /** @param network lends an {@link AutoencoderTiny}; borrowed */
    public TinyVaeCodec(LentModel network) {
        this(new LentAutoencoder<>(network, AutoencoderTiny.class, TILES, false));
    }

    private TinyVaeCodec(LentAutoencoder<AutoencoderTiny> network) {
        this.network = network;
        this.config = network.ask(AutoencoderTiny::typedConfig);
        this.scale = LatentScale.of(config);
    }

    /** The same, working in overlapping tiles where a picture is larger than 512 pixels. */
    @Override
    public TinyVaeCodec inTiles() {
        return new TinyVaeCodec(network.inTiles());
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
        return network.run(pictures, AutoencoderTiny::encode, AutoencoderTiny::encodeTiled);
    }

    @Override
    public Moments moments(Tensor pictures) {
        return Moments.exact(TensorScope.keepResult(() -> scale.toSamples(mode(pictures))));
    }

    @Override
    public Tensor decode(Tensor samples) {
        return TensorScope.keepResult(
                () -> network.run(scale.toLatents(samples), AutoencoderTiny::decode, AutoencoderTiny::decodeTiled));
    }

    @Override
    public PassCost encodeCost(SampleSize picture) {
        return network.cost(picture, AutoencoderTiny::encodeCost);
    }

    @Override
    public PassCost decodeCost(SampleSize picture) {
        return network.cost(picture, AutoencoderTiny::decodeCost);
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
