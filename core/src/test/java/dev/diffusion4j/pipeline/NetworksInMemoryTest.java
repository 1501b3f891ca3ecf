// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.folder.NetworkPlace;
import dev.diffusion4j.folder.PartStore;
import dev.diffusion4j.folder.single.Conversion;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.controlnet.ControlNetModel;
import dev.diffusion4j.pipeline.request.Control;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import dev.diffusion4j.text.PromptSyntax;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which of a pipeline's networks are in memory when, who shares them, and that no picture depends on it. */
class NetworksInMemoryTest {
    private static final Path FOLDER = Golden.path("tiny-sd");
    private static final LoadOptions ALWAYS = LoadOptions.DEFAULT;
    private static final LoadOptions CALL = ALWAYS.withKeeping(KeepNetworks.CALL);
    private static final LoadOptions ONE = ALWAYS.withKeeping(KeepNetworks.ONE);
    private static final Set<String> ALL = Set.of("unet", "vae", "text_encoder");
    private static final GenerationRequest THREE =
            GenerationRequest.of(r -> r.prompts(List.of("a red cat", "a blue house", "a red cat"))
                    .steps(2)
                    .batchSize(2)
                    .seed(5));

    @TempDir
    Path temporary;

    private final PartStore store = new PartStore();

    private static List<float[]> draw(DiffusionPipeline pipeline, GenerationRequest request, StepListener listener) {
        List<float[]> pictures = new ArrayList<>();
        pipeline.draw(
                request,
                (first, batch) -> {
                    pictures.add(Tensors.floats(batch.samples()));
                    pictures.add(Tensors.floats(batch.decoded()));
                },
                listener,
                new Cancellation());
        return pictures;
    }

    private static List<float[]> expected(Path place, LoadOptions options, GenerationRequest request) {
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(place, options)) {
            return draw(pipeline, request, StepListener.NONE);
        }
    }

    private static void assertSame(List<float[]> pictures, List<float[]> expected) {
        assertThat(pictures).hasSameSizeAs(expected);
        for (int i = 0; i < expected.size(); i++) {
            assertThat(pictures.get(i)).isEqualTo(expected.get(i));
        }
    }

    @Test
    void pipelines_of_one_folder_share_each_network_which_goes_with_the_last() {
        long before = Pointer.totalCount();
        DiffusionPipeline first = DiffusionPipeline.load(FOLDER, ALWAYS, store);
        long networks = Pointer.totalCount() - before;
        try (DiffusionPipeline second = DiffusionPipeline.load(FOLDER, ALWAYS, store)) {
            assertThat(Pointer.totalCount() - before - networks).isLessThan(networks / 10);
            assertThat(store.size()).isEqualTo(3);
            assertThat(first.networksInMemory()).isEqualTo(ALL);
            first.close();
            assertSame(draw(second, THREE, StepListener.NONE), expected(FOLDER, ALWAYS, THREE));
        }
        assertThat(store.size()).isZero();
        assertThat(Pointer.totalCount()).isLessThan(before + networks / 10);
    }

    @Test
    void each_network_is_dropped_and_loaded_again_by_itself() {
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(FOLDER)) {
            List<float[]> before = draw(pipeline, THREE, StepListener.NONE);
            for (String part : List.of("vae", "text_encoder")) {
                assertThat(pipeline.dropNetwork(part)).isTrue();
                assertThat(pipeline.networksInMemory()).isNotEqualTo(ALL).doesNotContain(part);
                assertSame(draw(pipeline, THREE, StepListener.NONE), before);
            }
            assertThat(pipeline.dropNetwork("text_encoder_2")).isFalse();
        }
    }

    @Test
    void adapters_in_the_weights_and_another_precision_make_networks_of_their_own() {
        LoadOptions adapted = ALWAYS.withLoras(List.of(LoraChoice.parse(lora().toString())));
        try (DiffusionPipeline plain = DiffusionPipeline.load(FOLDER, ALWAYS, store);
                DiffusionPipeline other = DiffusionPipeline.load(FOLDER, adapted, store)) {
            assertThat(store.size()).isEqualTo(5); // they share the autoencoder, which no adapter changes
            assertThat(other.lorasApplied().get(0).applied()).isPositive();
            DiffusionPipeline.load(FOLDER, ALWAYS.withPrecision(Precision.BF16), store)
                    .close();
            assertThat(plain.lorasApplied()).isEmpty();
            assertThat(store.size()).isEqualTo(5);
        }
    }

    private static Path lora() {
        return Golden.path("text_lora").resolve("sd-diffusers.safetensors");
    }

    @ParameterizedTest
    @ValueSource(strings = {"tiny-sd", "tiny-xl"})
    void one_network_at_a_time_draws_the_same_pictures_to_the_last_bit(String name) {
        Path folder = Golden.path(name);
        List<Set<String>> seen = new ArrayList<>();
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(folder, ONE)) {
            assertThat(pipeline.networksInMemory())
                    .as("nothing is read before it is needed")
                    .isEmpty();
            List<float[]> pictures = draw(pipeline, THREE, event -> seen.add(pipeline.networksInMemory()));
            assertThat(seen).isNotEmpty().containsOnly(Set.of("unet"));
            assertThat(pipeline.networksInMemory()).isEmpty();
            assertSame(pictures, expected(folder, ALWAYS, THREE));
        }
    }

    @Test
    void a_call_keeps_what_it_needs_and_its_last_pictures_are_decoded_without_the_denoiser() {
        List<Set<String>> drawing = new ArrayList<>();
        List<Set<String>> decoding = new ArrayList<>();
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(FOLDER, CALL)) {
            pipeline.draw(
                    THREE,
                    (first, batch) -> {
                        batch.decoded();
                        decoding.add(pipeline.networksInMemory());
                    },
                    event -> drawing.add(pipeline.networksInMemory()),
                    new Cancellation());
        }
        assertThat(drawing.subList(0, drawing.size() / 2)).containsOnly(Set.of("unet"));
        assertThat(drawing.subList(drawing.size() / 2, drawing.size())).containsOnly(Set.of("unet", "vae"));
        assertThat(decoding).containsExactly(Set.of("unet", "vae"), Set.of("vae"));
    }

    @ParameterizedTest
    @EnumSource(
            value = KeepNetworks.class,
            names = {"CALL", "ONE"})
    void nothing_stays_in_memory_after_a_call_that_failed_or_whose_pictures_were_decoded_later(KeepNetworks keeping) {
        Path refiner = TinyFolder.refiner(temporary.resolve("refiner"));
        LoadOptions options = ALWAYS.withKeeping(keeping);
        try (DiffusionPipeline ends = DiffusionPipeline.load(refiner, options);
                DiffusionPipeline begins = DiffusionPipeline.load(Golden.path("tiny-xl"), options)) {
            DiffusionPipeline both = begins.refinedBy(ends);
            GenerationRequest request = THREE.with(r -> r.steps(8));
            Cancellation cancellation = new Cancellation();
            List<Set<String>> seen = new ArrayList<>();
            StepListener stop = event -> {
                seen.add(ends.networksInMemory());
                if (!ends.networksInMemory().isEmpty()) {
                    cancellation.cancel();
                }
            };
            assertThatThrownBy(() -> both.generate(request, stop, cancellation))
                    .isInstanceOf(CancellationException.class);
            assertThat(seen.get(seen.size() - 1))
                    .as("its texts were encoded before its first step")
                    .isEqualTo(Set.of("unet"));
            assertThat(begins.networksInMemory()).isEmpty();
            assertThat(ends.networksInMemory()).isEmpty();
            try (GenerationResult drawn = both.generate(request)) {
                drawn.decoded();
            }
            assertThat(begins.networksInMemory()).isEmpty();
        }
    }

    @Test
    void a_picture_to_start_from_is_encoded_before_the_denoiser_is_read() {
        Path file = picture();
        GenerationRequest request = THREE.with(r -> r.picture(file.toString()).strength(0.9));
        List<Set<String>> seen = new ArrayList<>();
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(FOLDER, ONE)) {
            List<float[]> pictures = draw(pipeline, request, event -> seen.add(pipeline.networksInMemory()));
            assertThat(seen).isNotEmpty().containsOnly(Set.of("unet"));
            assertSame(pictures, expected(FOLDER, ALWAYS, request));
        }
    }

    @ParameterizedTest
    @EnumSource(KeepNetworks.class)
    void control_networks_come_and_go_with_the_denoiser(KeepNetworks keeping) {
        Path file = picture();
        Control control = Control.of(Golden.path("tiny-nets").resolve("control").toString(), file.toString());
        GenerationRequest request = THREE.with(r -> r.control(List.of(control)).size(new SampleSize(32, 32)));
        Set<Set<String>> drawing = new HashSet<>();
        List<Set<String>> decoding = new ArrayList<>();
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(FOLDER, ALWAYS.withKeeping(keeping), store)) {
            Set<String> before = pipeline.networksInMemory();
            DrawingEstimate estimate = pipeline.estimate(request).orElseThrow();
            assertThat(pipeline.networksInMemory()).as("nothing is read for it").isEqualTo(before);
            if (keeping == KeepNetworks.ONE) {
                assertThat(estimate.weightBytes()).isEqualTo(weights("unet") + controlWeights());
            }
            pipeline.draw(
                    request,
                    (first, batch) -> decoding.add(pipeline.networksInMemory()),
                    event -> drawing.add(pipeline.networksInMemory()),
                    new Cancellation());
            assertThat(drawing).allSatisfy(names -> assertThat(names).contains("unet", "control"));
            assertThat(decoding.get(decoding.size() - 1).contains("control")).isEqualTo(keeping.isLasting());
            assertThat(pipeline.networksInMemory().isEmpty()).isEqualTo(!keeping.isLasting());
            assertSame(draw(pipeline, request, StepListener.NONE), expected(FOLDER, ALWAYS, request));
        }
        assertThat(store.size()).isZero();
    }

    private static double controlWeights() {
        try (dev.diffusion4j.model.Model network = NetworkPlace.network(
                        Golden.path("tiny-nets").resolve("control"), List.of(ControlNetModel.FAMILY))
                .create()) {
            return 4.0 * network.parameterCount();
        }
    }

    private Path picture() {
        Path file = temporary.resolve("start.png");
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(FOLDER);
                GenerationResult drawn = pipeline.generate(
                        GenerationRequest.of(r -> r.prompt("a red cat").steps(1).size(new SampleSize(32, 32))))) {
            dev.diffusion4j.image.PngFile.write(file, drawn.images().get(0), Map.of());
        }
        return file;
    }

    @Test
    void a_single_file_is_read_network_by_network() {
        Path file = temporary.resolve("model.safetensors");
        new Conversion(FOLDER, file, null, null, Map.of()).run();
        List<Set<String>> seen = new ArrayList<>();
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(file, ONE.withConfig(FOLDER), store)) {
            List<float[]> pictures = draw(pipeline, THREE, event -> seen.add(pipeline.networksInMemory()));
            assertThat(seen).isNotEmpty().containsOnly(Set.of("unet"));
            assertSame(pictures, expected(FOLDER, ALWAYS, THREE));
        }
        assertThat(store.size()).isZero();
    }

    @ParameterizedTest
    @EnumSource(
            value = KeepNetworks.class,
            names = {"CALL", "ONE"})
    void adapters_of_prompts_are_looked_at_without_a_network_and_keep_all_of_them_until_the_call_ends(
            KeepNetworks keeping) {
        GenerationRequest request = THREE.with(r -> r.prompts(List.of("a <lora:sd-diffusers:1>", "a", "b"))
                .promptSyntax(PromptSyntax.A1111)
                .loraDir(lora().getParent().toString()));
        Set<Set<String>> seen = new HashSet<>();
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(FOLDER, ALWAYS.withKeeping(keeping))) {
            pipeline.check(request);
            assertThat(pipeline.lorasApplied(request)).hasSize(1);
            assertThat(pipeline.notices(request)).hasSize(keeping == KeepNetworks.ONE ? 1 : 0);
            assertThat(pipeline.estimate(request).orElseThrow().weightBytes())
                    .isEqualTo(weights("unet") + weights("vae") + weights("text_encoder"));
            assertThat(pipeline.networksInMemory()).isEmpty();
            List<float[]> pictures = draw(pipeline, request, event -> seen.add(pipeline.networksInMemory()));
            assertThat(seen).containsExactly(ALL);
            assertThat(pipeline.networksInMemory()).isEmpty();
            assertSame(pictures, expected(FOLDER, ALWAYS, request));
            assertSame(draw(pipeline, request, StepListener.NONE), pictures);
        }
    }

    @Test
    void what_a_call_will_take_follows_from_configs_and_from_how_long_networks_stay() {
        List<DrawingEstimate> all = new ArrayList<>();
        for (LoadOptions options : List.of(ALWAYS, CALL, ONE)) {
            try (DiffusionPipeline pipeline = DiffusionPipeline.load(FOLDER, options)) {
                all.add(pipeline.estimate(THREE).orElseThrow());
            }
        }
        double bytes = weights("unet") + weights("vae") + weights("text_encoder");
        assertThat(all.get(0).weightBytes()).isEqualTo(bytes);
        assertThat(all.get(1).weightBytes()).isEqualTo(bytes - weights("text_encoder"));
        assertThat(all.get(2).weightBytes())
                .isEqualTo(Math.max(weights("unet"), Math.max(weights("vae"), weights("text_encoder"))));
        assertThat(all.get(0).work().convolutions())
                .isPositive()
                .isEqualTo(all.get(2).work().convolutions());
    }

    private static double weights(String part) {
        try (dev.diffusion4j.model.Model network =
                dev.diffusion4j.folder.PipelineFolder.open(FOLDER).network(part).create()) {
            return 4.0 * network.parameterCount();
        }
    }

    @Test
    void pictures_that_no_machine_can_draw_are_refused_at_once_with_what_would_help() {
        GenerationRequest huge = THREE.with(r -> r.size(new SampleSize(65536, 65536)));
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(FOLDER, CALL)) {
            assertThatThrownBy(() -> pipeline.check(huge))
                    .isInstanceOf(Problem.class)
                    .hasMessageContaining("of memory, and this machine has");
            assertThat(pipeline.networksInMemory()).isEmpty();
        }
    }
}
