// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.autoencoder;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.layer.Activation;
import dev.diffusion4j.layer.BlockInput;
import dev.diffusion4j.layer.Conv2d;
import dev.diffusion4j.layer.Layer;
import dev.diffusion4j.layer.Upsample;
import dev.diffusion4j.layer.block.BlockState;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelClass;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.model.ModelRole;
import dev.diffusion4j.model.PassCost;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.jspecify.annotations.Nullable;

/**
 * diffusers' {@code AutoencoderTiny}: small networks that were distilled from an {@link AutoencoderKl} (TAESD of Ollin Boer Bohan), which
 * make a picture at little cost. Weight names are diffusers' names.
 */
public final class AutoencoderTiny extends Model {
    /** How files name it, and how it is made. */
    public static final ModelFamily FAMILY = ModelFamily.of(
            ModelClass.ofDiffusers("AutoencoderTiny", ModelRole.AUTOENCODER),
            AutoencoderTinyConfig.DEFAULT,
            AutoencoderTiny::new,
            null);

    /** Latents are drawn softly into ±3. */
    private static final double LATENT_RANGE = 3;

    private final AutoencoderTinyConfig config;
    private final Chain encoder;
    private final Chain decoder;

    /** Layers one after the other; a layer without weights takes a number too. */
    private static final class Chain extends Layer {
        private final List<Consumer<BlockState>> steps = new ArrayList<>();
        private final Conv2d first;
        private int next;

        Chain(Conv2d first) {
            this.first = first;
            add(first);
        }

        final void add(Conv2d conv) {
            Conv2d made = child("layers." + next++, conv);
            steps.add(state -> state.apply(made::forward));
        }

        void add(TinyBlock block) {
            TinyBlock made = child("layers." + next++, block);
            steps.add(state -> state.apply(made));
        }

        void add(Activation activation) {
            next++;
            steps.add(state -> state.apply(activation::apply));
        }

        /** Doubling has a number, and the convolution after it another. */
        void addDoubling(Conv2d conv) {
            next++;
            Upsample made = child("layers." + next++, new Upsample("", conv));
            steps.add(state -> state.apply(made));
        }

        /** The same on the network's device and in its dtype. */
        Tensor placed(Tensor sample) {
            Tensor like = Check.given(first.bias(), "layers.0.bias");
            return sample.to(like.device(), Tensors.type(like));
        }

        /** @param sample freed where no graph needs it */
        Tensor forward(Tensor sample) {
            Tensor ordered = isFrozen() ? sample.contiguous(MemoryFormat.ChannelsLast) : sample;
            BlockState state = BlockState.ofChain(ordered, BlockInput.NONE);
            steps.forEach(step -> step.accept(state));
            return state.hidden();
        }
    }

    /** A network without content; {@link #initialize} it or read weights into it. */
    public AutoencoderTiny(AutoencoderTinyConfig config) {
        super(FAMILY.modelClass(), keys(config));
        this.config = config;
        encoder = child("encoder", encoder(config));
        decoder = child("decoder", decoder(config));
    }

    /** diffusers takes a null of {@code block_out_channels} for a value, so the key is left out where it has none. */
    private static Map<String, @Nullable Object> keys(AutoencoderTinyConfig config) {
        Map<String, @Nullable Object> all = Records.toMap(config);
        all.remove("block_out_channels", null);
        return all;
    }

    private static Chain encoder(AutoencoderTinyConfig config) {
        int width = config.encoderBlockOutChannels().get(0);
        Chain chain = new Chain(Conv2d.same(config.inChannels(), width));
        for (int level = 0; level < config.numEncoderBlocks().size(); level++) {
            if (level > 0) {
                chain.add(new Conv2d(width, width, 3, 2, 1, false));
            }
            for (int i = 0; i < config.numEncoderBlocks().get(level); i++) {
                chain.add(new TinyBlock(width, config.actFn()));
            }
        }
        chain.add(Conv2d.same(width, config.latentChannels()));
        return chain;
    }

    private static Chain decoder(AutoencoderTinyConfig config) {
        int width = config.decoderBlockOutChannels().get(0);
        Chain chain = new Chain(Conv2d.same(config.latentChannels(), width));
        chain.add(config.actFn());
        int last = config.numDecoderBlocks().size() - 1;
        for (int level = 0; level <= last; level++) {
            for (int i = 0; i < config.numDecoderBlocks().get(level); i++) {
                chain.add(new TinyBlock(width, config.actFn()));
            }
            if (level < last) {
                chain.addDoubling(new Conv2d(width, width, 3, 1, 1, false));
            } else {
                chain.add(Conv2d.same(width, config.outChannels()));
            }
        }
        return chain;
    }

    /** What {@link #encode} costs for one picture of that size. */
    public PassCost encodeCost(SampleSize picture) {
        return cost(config.numEncoderBlocks(), config.encoderBlockOutChannels().get(0), picture);
    }

    /** What {@link #decode} costs for one picture of that size. */
    public PassCost decodeCost(SampleSize picture) {
        List<Integer> blocks = new ArrayList<>(config.numDecoderBlocks());
        Collections.reverse(blocks);
        return cost(blocks, config.decoderBlockOutChannels().get(0), picture);
    }

    /** @param blocks of each level, that of the picture's size first */
    private static PassCost cost(List<Integer> blocks, double width, SampleSize picture) {
        PassCost.Sum sum = new PassCost.Sum(1);
        double pixels = (double) picture.height() * picture.width();
        for (int level = 0; level < blocks.size(); level++) {
            sum.convolution(width, (3.0 * blocks.get(level) + 1) * width, 3, pixels / (1L << 2 * level));
        }
        sum.alive(4 * width * pixels);
        return sum.toCost();
    }

    /**
     * @param pictures (B, C', H', W') in [−1, 1]
     * @return their latents, (B, C, H, W) in the network's dtype, a new tensor
     */
    public Tensor encode(Tensor pictures) {
        return TensorScope.keepResult(() ->
                encoder.forward(encoder.placed(pictures).add(new Scalar(1.0)).div(new Scalar(2.0))));
    }

    /**
     * @param latents (B, C, H, W)
     * @return (B, C', H', W') in the network's dtype, black −1 and white 1, not cut; a new tensor
     */
    public Tensor decode(Tensor latents) {
        return TensorScope.keepResult(() -> {
            Tensor soft =
                    decoder.placed(latents).div(new Scalar(LATENT_RANGE)).tanh().mul(new Scalar(LATENT_RANGE));
            return decoder.forward(soft).mul(new Scalar(2.0)).sub(new Scalar(1.0));
        });
    }

    /** {@link #encode} in overlapping tiles of 512 pixels, where the pictures are larger. */
    public Tensor encodeTiled(Tensor pictures) {
        TinyTiling tiling = TinyTiling.encoding(config.scaleFactor());
        return tiling.splits(pictures) ? tiling.run(pictures, this::encode) : encode(pictures);
    }

    /** {@link #decode} in overlapping tiles of 512 pixels, where the pictures are larger. */
    public Tensor decodeTiled(Tensor latents) {
        TinyTiling tiling = TinyTiling.decoding(config.scaleFactor());
        return tiling.splits(latents) ? tiling.run(latents, this::decode) : decode(latents);
    }

    /** The config as a record. */
    public AutoencoderTinyConfig typedConfig() {
        return config;
    }
}
