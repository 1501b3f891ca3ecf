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
import dev.diffusion4j.tensor.Tensors;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
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
