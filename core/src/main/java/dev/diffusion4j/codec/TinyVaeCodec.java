// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.codec;

import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelRole;
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
    private final AutoencoderTiny network;
    private final AutoencoderTinyConfig config;
    private final LatentScale scale;
    private final boolean tiled;

    /** @param network borrowed */
    public TinyVaeCodec(AutoencoderTiny network) {
        this(network, false);
    }

    private TinyVaeCodec(AutoencoderTiny network, boolean tiled) {
        this.network = network;
        this.config = network.typedConfig();
        this.scale = LatentScale.of(config);
        this.tiled = tiled;
    }

    /** The same, working in overlapping tiles where a picture is larger than 512 pixels. */
    public TinyVaeCodec inTiles() {
        return new TinyVaeCodec(network, true);
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
        return OneByOne.run(pictures, tiled ? network::encodeTiled : network::encode);
    }

    @Override
    public Moments moments(Tensor pictures) {
        return Moments.exact(TensorScope.keepResult(() -> scale.toSamples(mode(pictures))));
    }

    @Override
    public Tensor decode(Tensor samples) {
        return TensorScope.keepResult(
                () -> OneByOne.run(scale.toLatents(samples), tiled ? network::decodeTiled : network::decode));
    }

    @Override
    public Map<String, Model> networks() {
        return Map.of(ModelRole.AUTOENCODER.component(), network);
    }
}
