// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.codec.VaeCodec;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.autoencoder.AutoencoderKl;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.testing.Golden;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CallEstimatorTest {
    private static final GenerationRequest TEN =
            GenerationRequest.of(r -> r.prompt("a cat").steps(10));

    @TempDir
    Path temporary;

    private static double weights(Path folder, String... parts) {
        double bytes = 0;
        for (String part : parts) {
            try (Model network = PipelineFolder.open(folder).network(part).create()) {
                bytes += 4.0 * network.parameterCount();
            }
        }
        return bytes;
    }

    private static DrawingEstimate estimate(DiffusionPipeline pipeline, GenerationRequest request) {
        return pipeline.estimate(request).orElseThrow();
    }

    @Test
    void a_refiner_counts_with_its_weights_and_its_share_of_the_steps() {
        Path xl = Golden.path("tiny-xl");
        Path second = TinyFolder.refiner(temporary.resolve("refiner"));
        double own = weights(xl, "unet", "vae", "text_encoder", "text_encoder_2");
        for (KeepNetworks keeping : List.of(KeepNetworks.ALWAYS, KeepNetworks.ONE)) {
            LoadOptions options = LoadOptions.DEFAULT.withKeeping(keeping);
            try (DiffusionPipeline both = DiffusionPipeline.load(xl, options.withRefiner(second));
                    DiffusionPipeline alone = DiffusionPipeline.load(xl, options)) {
                double held = estimate(both, TEN).weightBytes();
                if (keeping == KeepNetworks.ALWAYS) {
                    assertThat(held).isEqualTo(own + weights(second, "unet", "text_encoder_2"));
                } else {
                    assertThat(held)
                            .isEqualTo(Math.max(
                                    estimate(alone, TEN).weightBytes(),
                                    Math.max(weights(second, "unet"), weights(second, "text_encoder_2"))));
                }
                assertThat(estimate(both, TEN).convolutions())
                        .isGreaterThan(estimate(alone, TEN).convolutions());
                double shared =
                        estimate(both, TEN.with(r -> r.refinerStart(0.5))).convolutions();
                assertThat(shared).isLessThan(estimate(both, TEN).convolutions());
            }
        }
    }

    @Test
    void networks_that_are_pinned_stay_whatever_was_chosen() {
        Path folder = Golden.path("tiny-sd");
        try (DiffusionPipeline pipeline =
                DiffusionPipeline.load(folder, LoadOptions.DEFAULT.withKeeping(KeepNetworks.ONE))) {
            pipeline.fit(List.of()).close();
            assertThat(estimate(pipeline, TEN).weightBytes()).isEqualTo(weights(folder, "unet", "vae", "text_encoder"));
        }
    }

    @Test
    void tiles_cost_the_memory_of_one_where_a_side_is_longer_and_cannot_be_of_any_size() {
        try (AutoencoderKl odd = autoencoder(36);
                AutoencoderKl even = autoencoder(32)) {
            SampleCodec untiled = new VaeCodec(odd);
            assertThat(untiled.tile()).isZero();
            assertThat(untiled.inTiles()).isSameAs(untiled);
            SampleCodec whole = new VaeCodec(even);
            SampleCodec tiled = whole.inTiles();
            SampleSize wide = new SampleSize(16, 64);
            assertThat(tiled.decodeCost(wide)).isNotEqualTo(whole.decodeCost(wide));
            assertThat(tiled.decodeCost(wide).values())
                    .isEqualTo(whole.decodeCost(new SampleSize(16, 32)).values());
            assertThat(tiled.decodeCost(wide).convolutions())
                    .as("tiles of 32, 32 and 16 pixels")
                    .isCloseTo(whole.decodeCost(new SampleSize(16, 80)).convolutions(), within(1.0));
            SampleSize small = SampleSize.square(32);
            assertThat(tiled.decodeCost(small)).isEqualTo(whole.decodeCost(small));
        }
    }

    @Test
    void tiles_that_were_asked_for_and_cannot_be_are_not_noted() {
        GenerationRequest tiled = TEN.with(r -> r.tiles(true));
        try (AutoencoderKl odd = autoencoder(36);
                AutoencoderKl even = autoencoder(32);
                DiffusionPipeline pipeline = DiffusionPipeline.load(Golden.path("tiny-sd"))) {
            assertThat(pipeline.withCodec(new VaeCodec(odd))
                            .filled(tiled)
                            .canvas()
                            .tiles())
                    .isFalse();
            assertThat(pipeline.withCodec(new VaeCodec(even))
                            .filled(tiled)
                            .canvas()
                            .tiles())
                    .isTrue();
        }
    }

    private static AutoencoderKl autoencoder(long size) {
        return (AutoencoderKl) AutoencoderKl.FAMILY.create(Map.of(
                "sample_size", size,
                "norm_num_groups", 4L,
                "block_out_channels", List.of(4L, 4L),
                "down_block_types", List.of("DownEncoderBlock2D", "DownEncoderBlock2D"),
                "up_block_types", List.of("UpDecoderBlock2D", "UpDecoderBlock2D")));
    }
}
