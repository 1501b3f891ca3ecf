// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.autoencoder;

import dev.diffusion4j.json.Records;
import dev.diffusion4j.layer.Conv2d;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelClass;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.model.ModelRole;
import dev.diffusion4j.model.OldAttentionNames;
import dev.diffusion4j.model.PassCost;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * diffusers' {@code AutoencoderKL}: the variational autoencoder of latent diffusion (Kingma and Welling 2014; Rombach et al. 2022). Weight
 * names are diffusers' names.
 */
public final class AutoencoderKl extends Model {
    /** How files name it, and how it is made. */
    public static final ModelFamily FAMILY = ModelFamily.of(
            ModelClass.ofDiffusers("AutoencoderKL", ModelRole.AUTOENCODER),
            AutoencoderKlConfig.DEFAULT,
            AutoencoderKl::new,
            draft ->
                    draft.fillShape().fill("out_channels", (long) draft.target().channels()));

    private final AutoencoderKlConfig config;
    private final AutoencoderHalf encoder;
    private final AutoencoderHalf decoder;
    private final @Nullable Conv2d quantConv;
    private final @Nullable Conv2d postQuantConv;

    /** A network without content; {@link #initialize} it or read weights into it. */
    public AutoencoderKl(AutoencoderKlConfig config) {
        super(FAMILY.modelClass(), Records.toMap(config));
        this.config = config;
        int latent = config.latentChannels();
        encoder = child("encoder", AutoencoderHalf.encoder(config));
        decoder = child("decoder", AutoencoderHalf.decoder(config));
        quantConv = config.useQuantConv() ? child("quant_conv", Conv2d.pointwise(2L * latent, 2L * latent)) : null;
        postQuantConv = config.usePostQuantConv() ? child("post_quant_conv", Conv2d.pointwise(latent, latent)) : null;
    }

    /**
     * The distribution of the latents of pictures: the mean of each number and behind it, in as many channels again, the logarithm of
     * its variance, not cut.
     *
     * @param pictures (B, C', H', W') in [−1, 1]
     * @return (B, 2·C, H, W) in the network's dtype, a new tensor
     */
    public Tensor encode(Tensor pictures) {
        return TensorScope.keepResult(() -> {
            Tensor encoded = encoder.forward(encoder.placed(pictures));
            return quantConv == null ? encoded : quantConv.forward(encoded);
        });
    }

    /**
     * {@link #encode} in tiles of {@code sample_size}, where the pictures are larger than one.
     *
     * @throws IllegalArgumentException where {@code sample_size} is no size of a tile
     */
    public Tensor encodeTiled(Tensor pictures) {
        Tiling tiling = Tiling.encoding(config);
        return tiling.splits(pictures) ? tiling.run(pictures, this::encode) : encode(pictures);
    }

    /**
     * @param latents (B, C, H, W), as {@link #encode} gives them
     * @return (B, C', H', W') in the network's dtype, black −1 and white 1, not cut; a new tensor
     */
    public Tensor decode(Tensor latents) {
        return TensorScope.keepResult(() -> {
            Tensor placed = decoder.placed(latents);
            return decoder.forward(postQuantConv == null ? placed : postQuantConv.forward(placed));
        });
    }

    /**
     * {@link #decode} in tiles of {@code sample_size}, where the pictures are larger than one.
     *
     * @throws IllegalArgumentException where {@code sample_size} is no size of a tile
     */
    public Tensor decodeTiled(Tensor latents) {
        Tiling tiling = Tiling.decoding(config);
        return tiling.splits(latents) ? tiling.run(latents, this::decode) : decode(latents);
    }

    /** Height and width in pixels of the tiles of {@link #encodeTiled} and {@link #decodeTiled}; 0 where {@code sample_size} is no size of one. */
    public int tile() {
        return Tiling.isPossible(config) ? config.sampleSize().height() : 0;
    }

    /** What {@link #encode} costs for one picture of that size. */
    public PassCost encodeCost(SampleSize picture) {
        return new AutoencoderCost(config, picture).encode();
    }

    /** What {@link #decode} costs for one picture of that size. */
    public PassCost decodeCost(SampleSize picture) {
        return new AutoencoderCost(config, picture).decode();
    }

    /** Old checkpoints call the attention's maps {@code query}, {@code key}, {@code value}, {@code proj_attn}. */
    @Override
    public String weightName(String fileName) {
        return OldAttentionNames.current(fileName);
    }

    /** The config as a record. */
    public AutoencoderKlConfig typedConfig() {
        return config;
    }
}
