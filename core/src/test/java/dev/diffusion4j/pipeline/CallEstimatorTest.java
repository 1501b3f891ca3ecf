// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.adapter.LoraSize;
import dev.diffusion4j.checkpoint.TensorInfo;
import dev.diffusion4j.checkpoint.WeightFiles;
import dev.diffusion4j.checkpoint.WeightSource;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.codec.VaeCodec;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.guidance.LossGuidance;
import dev.diffusion4j.layer.Conv2d;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.PassCost;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.Work;
import dev.diffusion4j.model.autoencoder.AutoencoderKl;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.processor.SpeedProbe;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.testing.Golden;
import dev.diffusion4j.text.PromptSyntax;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
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
                assertThat(estimate(both, TEN).work().convolutions())
                        .isGreaterThan(estimate(alone, TEN).work().convolutions());
                double shared = estimate(both, TEN.with(r -> r.refinerStart(0.5)))
                        .work()
                        .convolutions();
                assertThat(shared).isLessThan(estimate(both, TEN).work().convolutions());
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
            assertThat(tiled.decodeCost(wide).work().convolutions())
                    .as("tiles of 32, 32 and 16 pixels")
                    .isCloseTo(whole.decodeCost(new SampleSize(16, 80)).work().convolutions(), within(1.0));
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

    @Test
    void text_encoders_and_autoencoder_count_where_they_stay_beside_the_denoiser() {
        assertThat(most(KeepNetworks.CALL, false, false, false)).isEqualTo(10);
        assertThat(most(KeepNetworks.CALL, false, true, false))
                .as("more texts than wait together")
                .isEqualTo(13);
        assertThat(most(KeepNetworks.CALL, false, false, true))
                .as("a picture was encoded")
                .isEqualTo(12);
        assertThat(most(KeepNetworks.CALL, true, false, false))
                .as("a batch was decoded before")
                .isEqualTo(12);
        assertThat(most(KeepNetworks.ONE, true, true, true))
                .as("a loss looks at pictures")
                .isEqualTo(12);
        assertThat(most(KeepNetworks.ALWAYS, false, false, false)).isEqualTo(15);
    }

    private static double most(KeepNetworks keeping, boolean isRepeated, boolean hasMoreTexts, boolean hasCodec) {
        return new WeightBytes(new WeightBytes.Stay(keeping, isRepeated, hasMoreTexts, hasCodec), 10, 3, 2)
                .most(WeightBytes.NONE, 0, 0, 0);
    }

    @Test
    void what_a_call_asks_for_decides_which_networks_stay() {
        Path folder = Golden.path("tiny-sd");
        LoadOptions options = LoadOptions.DEFAULT.withKeeping(KeepNetworks.CALL);
        List<String> many = IntStream.range(0, 40).mapToObj(i -> "cat " + i).toList();
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(folder, options)) {
            GenerationRequest batch = TEN.with(r -> r.prompts(many).batchSize(40));
            assertThat(estimate(pipeline, TEN).weightBytes()).isEqualTo(weights(folder, "unet"));
            assertThat(estimate(pipeline, batch).weightBytes()).isEqualTo(weights(folder, "unet", "text_encoder"));
            assertThat(estimate(pipeline, TEN).isLeast()).isFalse();
            DiffusionPipeline steered =
                    pipeline.steeredBy(List.of(LossGuidance.of("bright", pictures -> pictures.sum(), 1)));
            assertThat(estimate(steered, TEN).weightBytes()).isEqualTo(weights(folder, "unet", "vae"));
            assertThat(estimate(steered, TEN).isLeast()).isTrue();
        }
    }

    @Test
    void large_convolutions_in_f32_cost_fewer_operations_and_weights_of_their_own() {
        PassCost.Sum sum = new PassCost.Sum(2);
        sum.convolution(320, 640, 3, 2 * 64 * 64);
        sum.convolution(320, 640, 3, 2 * 63 * 64); // less than 256 tiles a picture
        sum.convolution(4, 640, 3, 2 * 64 * 64); // channels that fill no vector
        sum.convolution(320, 640, 1, 2 * 64 * 64);
        PassCost cost = sum.toCost();
        boolean isSplit = Conv2d.isSplit(320, 640, 64 * 64);
        double one = 2.0 * 9 * 320 * 640 * 2 * 64 * 64;
        assertThat(cost.work().split()).isEqualTo(isSplit ? one : 0);
        assertThat(cost.madeBytes(Precision.F32)).isEqualTo(isSplit ? 4.0 * 36 * 320 * 640 : 0);
        assertThat(cost.madeBytes(Precision.BF16)).isZero();
    }

    @Test
    void seconds_follow_from_the_speeds_of_the_processor() {
        SpeedProbe probe = new SpeedProbe(1, 2, 4, 8, 5, 10, 20, 40);
        Work convolutions = new Work(4e9, 0, 0, 0, 0, 0);
        assertThat(convolutions.seconds(probe, Precision.F32)).isEqualTo(1);
        assertThat(convolutions.seconds(probe, Precision.BF16)).isEqualTo(0.5);
        assertThat(new Work(4e9, 0, 0, 4e9, 0, 0).seconds(probe, Precision.F32))
                .as("a quarter of the multiplications, as products")
                .isEqualTo(0.05);
        assertThat(new Work(0, 20e9, 0, 0, 0, 0).seconds(probe, Precision.BF16)).isEqualTo(0.5);
        assertThat(new DrawingEstimate(0, 0, convolutions, 1e9, false).seconds(probe, Precision.F32))
                .as("weights are read first")
                .isCloseTo(7, within(1e-9));
    }

    private static AutoencoderKl autoencoder(long size) {
        return (AutoencoderKl) AutoencoderKl.FAMILY.create(Map.of(
                "sample_size", size,
                "norm_num_groups", 4L,
                "block_out_channels", List.of(4L, 4L),
                "down_block_types", List.of("DownEncoderBlock2D", "DownEncoderBlock2D"),
                "up_block_types", List.of("UpDecoderBlock2D", "UpDecoderBlock2D")));
    }

    @Test
    void adapters_count_with_their_numbers_whether_they_are_given_or_named_by_the_prompt() {
        Path place = Golden.path("text_lora");
        Path file = place.resolve("sd-kohya.safetensors");
        long numbers;
        long read;
        try (WeightSource weights = WeightFiles.openFile(file)) {
            numbers = weights.tensors().entrySet().stream()
                    .filter(tensor -> !tensor.getKey().endsWith(".alpha"))
                    .mapToLong(tensor -> tensor.getValue().count())
                    .sum();
            read = weights.tensors().values().stream()
                    .mapToLong(TensorInfo::byteSize)
                    .sum();
        }
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(Golden.path("tiny-sd"))) {
            double alone = estimate(pipeline, TEN).drawingBytes();
            GenerationRequest named = TEN.with(r -> r.prompt("a cat <lora:sd-kohya:0.5>")
                    .promptSyntax(PromptSyntax.A1111)
                    .loraDir(place.toString()));
            double given = estimate(pipeline.withLoras(List.of(new LoraChoice(file, 0.5))), TEN)
                    .drawingBytes();
            assertThat(given - alone).isBetween(4.0 * numbers, 4.0 * numbers + read);
            assertThat(estimate(pipeline, named).drawingBytes()).isEqualTo(given);
        }
        LoraSize wide = LoraSize.of(place.resolve("sd-loha.safetensors"));
        assertThat(wide.others()).isPositive();
        assertThat(wide.bytes(2)).as("LoHa stays f32").isEqualTo(2.0 * wide.products() + 4.0 * wide.others());
    }
}
