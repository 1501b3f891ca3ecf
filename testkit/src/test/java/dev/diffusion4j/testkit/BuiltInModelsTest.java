// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.testkit;

import dev.diffusion4j.json.Records;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.basicunet.BasicUnet;
import dev.diffusion4j.model.resunet.ResidualUnet;
import dev.diffusion4j.model.resunet.ResidualUnetConfig;
import dev.diffusion4j.model.unet2d.UNet2DModel;
import dev.diffusion4j.model.unet2dcondition.UNet2DConditionModel;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.Tensors;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;

/** Built-in families of denoisers, each as a small network. */
class BuiltInModelsTest {
    @Nested
    class UNet2D extends ModelContract {
        @Override
        protected ModelFamily family() {
            return UNet2DModel.FAMILY;
        }

        @Override
        protected Map<String, @Nullable Object> config() {
            return Map.of(
                    "sample_size", 8L,
                    "in_channels", 1L,
                    "out_channels", 1L,
                    "layers_per_block", 1L,
                    "norm_num_groups", 4L,
                    "block_out_channels", List.of(8L, 16L),
                    "down_block_types", List.of("DownBlock2D", "AttnDownBlock2D"),
                    "up_block_types", List.of("AttnUpBlock2D", "UpBlock2D"));
        }
    }

    @Nested
    class UNet2DOfClasses extends UNet2D {
        @Override
        protected Map<String, @Nullable Object> config() {
            Map<String, @Nullable Object> config = new java.util.LinkedHashMap<>(super.config());
            config.put("num_class_embeds", 5L);
            return config;
        }

        @Override
        protected Conditioning conditioning(int count) {
            return Conditioning.ofClasses(
                    Tensors.ofLongs(LongStream.range(0, count).toArray()));
        }
    }

    /** As Stable Diffusion 1 has it. */
    @Nested
    class UNet2DCondition extends ModelContract {
        @Override
        protected ModelFamily family() {
            return UNet2DConditionModel.FAMILY;
        }

        @Override
        protected Map<String, @Nullable Object> config() {
            Map<String, @Nullable Object> config = new java.util.LinkedHashMap<>();
            config.put("sample_size", 8L);
            config.put("layers_per_block", 1L);
            config.put("norm_num_groups", 4L);
            config.put("block_out_channels", List.of(8L, 16L));
            config.put("cross_attention_dim", 12L);
            config.put("attention_head_dim", 2L);
            config.put("down_block_types", List.of("CrossAttnDownBlock2D", "DownBlock2D"));
            config.put("up_block_types", List.of("UpBlock2D", "CrossAttnUpBlock2D"));
            return config;
        }

        @Override
        protected Conditioning conditioning(int count) {
            return Conditioning.of(Conditioning.ENCODER_HIDDEN_STATES, drawn(1, count, 5, 12));
        }

        protected static Tensor drawn(long seed, long... shape) {
            try (RandomStream random = new RandomStream(seed)) {
                return random.randn(shape);
            }
        }
    }

    /** As Stable Diffusion XL for inpainting has it. */
    @Nested
    class UNet2DConditionOfXl extends UNet2DCondition {
        @Override
        protected Map<String, @Nullable Object> config() {
            Map<String, @Nullable Object> config = super.config();
            config.put("in_channels", 9L);
            config.put("use_linear_projection", true);
            config.put("transformer_layers_per_block", List.of(1L, 2L));
            config.put("addition_embed_type", "text_time");
            config.put("addition_time_embed_dim", 4L);
            config.put("projection_class_embeddings_input_dim", 30L);
            return config;
        }

        @Override
        protected Conditioning conditioning(int count) {
            return super.conditioning(count)
                    .with(Conditioning.TEXT_EMBEDS, drawn(2, count, 6))
                    .with(Conditioning.TIME_IDS, drawn(3, count, 6).mul(new Scalar(100.0)))
                    .with(Conditioning.EXTRA_CHANNELS, drawn(4, count, 5, 8, 8));
        }
    }

    @Nested
    class Residual extends ModelContract {
        @Override
        protected ModelFamily family() {
            return ResidualUnet.FAMILY;
        }

        @Override
        protected Map<String, @Nullable Object> config() {
            return Records.toMap(new ResidualUnetConfig(SampleSize.square(8), 1, List.of(8, 16), 1, 8, 1000));
        }

        /** The noise's variance. */
        @Override
        protected double timestep() {
            return 0.5;
        }
    }

    @Nested
    class Basic extends ModelContract {
        @Override
        protected ModelFamily family() {
            return BasicUnet.FAMILY;
        }

        @Override
        protected Map<String, @Nullable Object> config() {
            return Map.of();
        }
    }
}
