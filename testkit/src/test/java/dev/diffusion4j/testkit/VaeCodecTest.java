// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.testkit;

import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.codec.TinyVaeCodec;
import dev.diffusion4j.codec.VaeCodec;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.autoencoder.AutoencoderKl;
import dev.diffusion4j.model.autoencoder.AutoencoderTiny;
import dev.diffusion4j.tensor.RandomStream;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;

/** Samples that are latents of networks with start values, which keep nothing of a picture. */
class VaeCodecTest {
    private static final double ANYTHING = 1000;

    private static <M extends Model> M filled(M model) {
        try (RandomStream random = new RandomStream(1)) {
            model.initialize(random);
        }
        model.freeze();
        return model;
    }

    @Nested
    class Large extends CodecContract {
        private AutoencoderKl network;

        @BeforeEach
        void make() {
            network = filled((AutoencoderKl) AutoencoderKl.FAMILY.create(Map.of(
                    "block_out_channels", List.of(4L, 8L),
                    "norm_num_groups", 2L,
                    "sample_size", 16L,
                    "down_block_types", List.of("DownEncoderBlock2D", "DownEncoderBlock2D"),
                    "up_block_types", List.of("UpDecoderBlock2D", "UpDecoderBlock2D"))));
        }

        @AfterEach
        void close() {
            network.close();
        }

        @Override
        protected SampleCodec codec() {
            return new VaeCodec(network);
        }

        @Override
        protected double recoveryTolerance() {
            return ANYTHING;
        }
    }

    @Nested
    class InTiles extends Large {
        @Override
        protected SampleCodec codec() {
            return ((VaeCodec) super.codec()).inTiles();
        }

        @Override
        protected dev.diffusion4j.model.SampleSize size() {
            return dev.diffusion4j.model.SampleSize.square(40);
        }
    }

    @Nested
    class Tiny extends CodecContract {
        private AutoencoderTiny network;

        @BeforeEach
        void make() {
            network = filled((AutoencoderTiny) AutoencoderTiny.FAMILY.create(Map.of(
                    "encoder_block_out_channels", List.of(4L, 4L, 4L),
                    "decoder_block_out_channels", List.of(4L, 4L, 4L),
                    "num_encoder_blocks", List.of(1L, 1L, 1L),
                    "num_decoder_blocks", List.of(1L, 1L, 1L))));
        }

        @AfterEach
        void close() {
            network.close();
        }

        @Override
        protected SampleCodec codec() {
            return new TinyVaeCodec(network);
        }

        @Override
        protected double recoveryTolerance() {
            return ANYTHING;
        }
    }
}
