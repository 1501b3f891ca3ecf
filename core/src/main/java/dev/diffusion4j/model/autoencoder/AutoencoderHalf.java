// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.autoencoder;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.layer.Activation;
import dev.diffusion4j.layer.BlockInput;
import dev.diffusion4j.layer.Conv2d;
import dev.diffusion4j.layer.Downsample;
import dev.diffusion4j.layer.GroupNorm;
import dev.diffusion4j.layer.Layer;
import dev.diffusion4j.layer.PixelAttention;
import dev.diffusion4j.layer.ResnetBlock;
import dev.diffusion4j.layer.Upsample;
import dev.diffusion4j.layer.block.AttentionFactory;
import dev.diffusion4j.layer.block.BlockState;
import dev.diffusion4j.layer.block.DownBlock;
import dev.diffusion4j.layer.block.Level;
import dev.diffusion4j.layer.block.MidBlock;
import dev.diffusion4j.layer.block.UpBlock;
import dev.diffusion4j.model.autoencoder.AutoencoderKlConfig.DecoderBlockType;
import dev.diffusion4j.model.autoencoder.AutoencoderKlConfig.EncoderBlockType;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.jspecify.annotations.Nullable;

/** The encoder or the decoder: levels between two convolutions. */
final class AutoencoderHalf extends Layer {
    private static final double EPS = 1e-6;

    private final Conv2d convIn;
    private final List<Level> levels = new ArrayList<>();
    private final GroupNorm normOut;
    private final Conv2d convOut;

    /** @param parts makes the levels, in the order in which a sample passes them */
    private AutoencoderHalf(Conv2d convIn, List<Named> parts, GroupNorm normOut, Conv2d convOut) {
        this.convIn = child("conv_in", convIn);
        parts.forEach(part -> levels.add(child(part.name(), part.level())));
        this.normOut = child("conv_norm_out", normOut);
        this.convOut = child("conv_out", convOut);
    }

    /** A level and its name. */
    private record Named(String name, Level level) {}

    /** Pictures to the mean and the logarithm of the variance of each number of a latent. */
    static AutoencoderHalf encoder(AutoencoderKlConfig config) {
        Parts parts = new Parts(config);
        return new AutoencoderHalf(
                Conv2d.same(config.inChannels(), parts.width(0)),
                parts.encoderLevels(),
                parts.norm(parts.width(parts.last)),
                Conv2d.same(parts.width(parts.last), 2L * config.latentChannels()));
    }

    /** Latents to pictures. */
    static AutoencoderHalf decoder(AutoencoderKlConfig config) {
        Parts parts = new Parts(config);
        return new AutoencoderHalf(
                Conv2d.same(config.latentChannels(), parts.width(parts.last)),
                parts.decoderLevels(),
                parts.norm(parts.width(0)),
                Conv2d.same(parts.width(0), config.outChannels()));
    }

    /** From a config to levels. */
    private static final class Parts {
        final AutoencoderKlConfig config;
        final int last;

        Parts(AutoencoderKlConfig config) {
            this.config = config;
            this.last = config.blockOutChannels().size() - 1;
        }

        int width(int level) {
            return config.blockOutChannels().get(level);
        }

        GroupNorm norm(int channels) {
            return new GroupNorm(config.normNumGroups(), channels, EPS);
        }

        List<Named> encoderLevels() {
            List<Named> all = new ArrayList<>();
            for (int i = 0; i <= last; i++) {
                boolean attends = config.downBlockTypes().get(i) == EncoderBlockType.ATTENTION;
                List<ResnetBlock.Spec> resnets = resnets(width(Math.max(i - 1, 0)), width(i), config.layersPerBlock());
                @Nullable Downsample halving = i == last ? null : new Downsample(width(i), 0);
                all.add(new Named(
                        "down_blocks." + i, new DownBlock(resnets, attends ? ownAttention() : null, halving)));
            }
            all.add(middle());
            return all;
        }

        List<Named> decoderLevels() {
            List<Named> all = new ArrayList<>(List.of(middle()));
            for (int i = 0; i <= last; i++) {
                int width = width(last - i);
                boolean attends = config.upBlockTypes().get(i) == DecoderBlockType.ATTENTION;
                List<ResnetBlock.Spec> resnets =
                        resnets(width(Math.min(last - i + 1, last)), width, config.layersPerBlock() + 1);
                @Nullable Upsample doubling = i == last ? null : new Upsample(width);
                all.add(new Named("up_blocks." + i, new UpBlock(resnets, attends ? ownAttention() : null, doubling)));
            }
            return all;
        }

        private Named middle() {
            int width = width(last);
            return new Named(
                    "mid_block",
                    new MidBlock(resnet(width, width), 1, config.midBlockAddAttention() ? ownAttention() : null));
        }

        /** In one head, as autoencoders have it. */
        private AttentionFactory ownAttention() {
            return (channels, index) -> new PixelAttention(channels, channels, config.normNumGroups(), EPS, 1);
        }

        private List<ResnetBlock.Spec> resnets(int in, int out, int count) {
            return IntStream.range(0, count)
                    .mapToObj(i -> resnet(i == 0 ? in : out, out))
                    .toList();
        }

        private ResnetBlock.Spec resnet(int in, int out) {
            return ResnetBlock.Spec.of(in, out).with(s -> {
                s.groups = config.normNumGroups();
                s.eps = EPS;
                s.activation = config.actFn();
            });
        }
    }

    /** The same on the network's device and in its dtype. */
    Tensor placed(Tensor sample) {
        Tensor like = Check.given(convOut.bias(), "conv_out.bias");
        return sample.to(like.device(), Tensors.type(like));
    }

    /** A new tensor. */
    Tensor forward(Tensor sample) {
        return TensorScope.keepResult(() -> {
            Tensor ordered = isFrozen() ? sample.contiguous(MemoryFormat.ChannelsLast) : sample;
            BlockState state = BlockState.ofChain(convIn.forward(ordered), BlockInput.NONE);
            levels.forEach(level -> level.forward(state));
            state.apply((Tensor hidden) ->
                    TensorScope.keepResult(() -> convOut.forward(normOut.forward(hidden, null, Activation.SILU))));
            return state.hidden();
        });
    }
}
