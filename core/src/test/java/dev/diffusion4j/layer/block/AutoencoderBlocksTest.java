// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer.block;

import static dev.diffusion4j.layer.LayersGoldenTest.check;
import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.layer.Activation;
import dev.diffusion4j.layer.AttentionInput;
import dev.diffusion4j.layer.BlockInput;
import dev.diffusion4j.layer.BlockPart;
import dev.diffusion4j.layer.Conv2d;
import dev.diffusion4j.layer.Downsample;
import dev.diffusion4j.layer.GroupNorm;
import dev.diffusion4j.layer.Layer;
import dev.diffusion4j.layer.PixelAttention;
import dev.diffusion4j.layer.ResnetBlock;
import dev.diffusion4j.layer.Upsample;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An encoder and a decoder that know no time, assembled from the U-Net's levels, against diffusers' own. */
class AutoencoderBlocksTest {
    private static final int GROUPS = 4;
    private static final double EPS = 1e-6;
    private static final AttentionFactory ONE_HEAD =
            (channels, index) -> new PixelAttention(channels, channels, GROUPS, EPS, 1);

    private static ResnetBlock.Spec resnet(int in, int out) {
        return ResnetBlock.Spec.of(in, out).with(s -> s.groups = GROUPS);
    }

    private static List<ResnetBlock.Spec> resnets(int in, int out, int count) {
        List<ResnetBlock.Spec> all = new ArrayList<>(Collections.nCopies(count, resnet(out, out)));
        all.set(0, resnet(in, out));
        return all;
    }

    /** The levels between a first and a last convolution. */
    private static final class Chain extends Layer {
        private final Conv2d convIn;
        private final List<Level> levels = new ArrayList<>();
        private final GroupNorm normOut;
        private final Conv2d convOut;

        private Chain(Conv2d convIn, List<String> names, List<Level> levels, int last, int out) {
            this.convIn = child("conv_in", convIn);
            for (int i = 0; i < names.size(); i++) {
                this.levels.add(child(names.get(i), levels.get(i)));
            }
            normOut = child("conv_norm_out", new GroupNorm(GROUPS, last, EPS));
            convOut = child("conv_out", Conv2d.same(last, out));
        }

        static Chain encoder() {
            return new Chain(
                    Conv2d.same(3, 8),
                    List.of("down_blocks.0", "down_blocks.1", "mid_block"),
                    List.of(
                            new DownBlock(resnets(8, 8, 2), null, new Downsample(8, 0)),
                            new DownBlock(resnets(8, 16, 2), null, null),
                            new MidBlock(resnet(16, 16), 1, ONE_HEAD)),
                    16,
                    8);
        }

        static Chain decoder() {
            return new Chain(
                    Conv2d.same(4, 16),
                    List.of("mid_block", "up_blocks.0", "up_blocks.1"),
                    List.of(
                            new MidBlock(resnet(16, 16), 1, ONE_HEAD),
                            new UpBlock(resnets(16, 16, 3), null, new Upsample(16)),
                            new UpBlock(resnets(16, 8, 3), null, null)),
                    8,
                    3);
        }

        Tensor forward(Tensor sample) {
            BlockState state = BlockState.ofChain(convIn.forward(sample), BlockInput.NONE);
            levels.forEach(level -> level.forward(state));
            return convOut.forward(normOut.forward(state.hidden(), null, Activation.SILU));
        }
    }

    @ParameterizedTest(name = "frozen {0}")
    @ValueSource(booleans = {false, true})
    void an_encoder_equals_diffusers(boolean frozen) {
        check("encoder", Chain.encoder(), frozen, random -> random.randn(2, 3, 16, 12), Chain::forward);
    }

    @ParameterizedTest(name = "frozen {0}")
    @ValueSource(booleans = {false, true})
    void a_decoder_equals_diffusers(boolean frozen) {
        check("decoder", Chain.decoder(), frozen, random -> random.randn(2, 4, 8, 6), Chain::forward);
    }

    /** Stands for a transformer that asks a prompt: adds the tokens' mean. */
    private static final class Prompted extends BlockPart {
        @Override
        public Tensor forward(Tensor sample, BlockInput input) {
            Tensor tokens = java.util.Objects.requireNonNull(input.attention().context());
            return sample.add(tokens.mean(1).unsqueeze(2).unsqueeze(3));
        }
    }

    @Test
    void attention_of_a_level_sees_the_prompt_that_the_call_was_given() {
        TensorScope.run(() -> {
            try (Level level = new DownBlock(resnets(8, 8, 2), (channels, index) -> new Prompted(), null);
                    RandomStream random = new RandomStream(1)) {
                level.initialize(random);
                Tensor sample = random.randn(2, 8, 4, 4);
                Tensor tokens = random.randn(2, 5, 8);
                float[] first = output(level, sample, tokens);
                assertThat(output(level, sample, tokens.mul(new Scalar(2.0)))).isNotEqualTo(first);
                assertThat(output(level, sample, tokens)).isEqualTo(first);
            }
        });
    }

    private static float[] output(Level level, Tensor sample, Tensor tokens) {
        return TensorScope.compute(() -> {
            BlockState state = BlockState.ofUNet(sample.clone(), new BlockInput(null, AttentionInput.of(tokens)));
            level.forward(state);
            return Tensors.floats(state.hidden());
        });
    }
}
