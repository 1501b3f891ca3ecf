// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.adapter.LoraAdapter;
import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.adapter.LoraView;
import dev.diffusion4j.base.FieldNames;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.DrawingEstimate;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.LoadOptions;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.testing.Golden;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Several models in one service: what they share, what memory they take, and that no picture depends on it. */
@Timeout(120)
class ServiceModelsTest {
    private static final Path FOLDER = Golden.path("tiny-sd");
    private static final LoraChoice LORA =
            new LoraChoice(Golden.path("text_lora").resolve("sd-kohya.safetensors"), 0.7);
    private static final LoadOptions WITH_LORA = LoadOptions.DEFAULT.withLoras(List.of(LORA));
    private static final GenerationRequest REQUEST =
            GenerationRequest.of(r -> r.prompt("a red cat").steps(2).seed(5));

    private static int[] plain;
    private static int[] merged;

    @BeforeAll
    static void draw() {
        plain = drawn(LoadOptions.DEFAULT);
        merged = drawn(WITH_LORA);
        assertThat(merged).isNotEqualTo(plain);
    }

    private static int[] drawn(LoadOptions options) {
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(FOLDER, options);
                GenerationResult result = pipeline.generate(REQUEST)) {
            return pixels(result.images().get(0));
        }
    }

    private static int[] pixels(BufferedImage image) {
        return image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
    }

    private static DiffusionService open(ServiceConfig config) {
        Map<String, ServiceModel> models = new LinkedHashMap<>();
        models.put("plain", ServiceModel.at(FOLDER));
        models.put("merged", new ServiceModel(FOLDER, WITH_LORA));
        return DiffusionService.open(models, config);
    }

    private static ServiceRequest of(String model) {
        return ServiceRequest.of(REQUEST).with(r -> r.model = model);
    }

    private static int[] draw(DiffusionService service, ServiceRequest request) {
        return pixels(service.submit(request).await().images().get(0));
    }

    @Test
    void a_service_that_is_closed_leaves_nothing_in_memory() {
        long before = Pointer.totalCount();
        long networks;
        try (DiffusionService service = open(ServiceConfig.DEFAULT)) {
            service.submit(of("merged")).await();
            networks = Pointer.totalCount() - before;
        }
        assertThat(Pointer.totalCount()).isLessThan(before + networks / 10);
    }

    @Test
    void networks_are_read_when_a_job_needs_them_and_what_models_share_is_there_once() {
        try (DiffusionService service = open(ServiceConfig.DEFAULT)) {
            assertThat(service.models()).containsExactly("plain", "merged");
            assertThat(service.networkBytes()).isZero();
            double one = service.estimate(of("plain")).orElseThrow().networkBytes();
            assertThat(draw(service, ServiceRequest.of(REQUEST))).isEqualTo(plain);
            assertThat((double) service.networkBytes()).isEqualTo(one);
            assertThat(draw(service, of("merged"))).isEqualTo(merged);
            assertThat((double) service.networkBytes())
                    .as("the autoencoder, which no adapter changes, is there once")
                    .isBetween(1.1 * one, 1.95 * one);
            assertThatExceptionOfType(Problem.class)
                    .isThrownBy(() -> service.submit(of("other")))
                    .withMessage("there is no model 'other': there are plain, merged");
        }
    }

    /** Two folders that were trained from one: what the second has not changed is there once. */
    @Test
    void equal_networks_of_two_folders_are_there_once(@TempDir Path place) throws IOException {
        Path copy = copied(place.resolve("copy"));
        Path other = copied(place.resolve("other"));
        try (RandomAccessFile unet = new RandomAccessFile(
                other.resolve("unet/diffusion_pytorch_model.safetensors").toFile(), "rw")) {
            unet.seek(unet.length() - 2); // of the last number
            unet.write(0x3f);
        }
        Map<String, ServiceModel> models = new LinkedHashMap<>();
        models.put("plain", ServiceModel.at(FOLDER));
        models.put("copy", ServiceModel.at(copy));
        models.put("other", ServiceModel.at(other));
        try (DiffusionService service = DiffusionService.open(models, ServiceConfig.DEFAULT)) {
            assertThat(draw(service, of("plain"))).isEqualTo(plain);
            double one = service.networkBytes();
            assertThat(draw(service, of("copy"))).isEqualTo(plain);
            assertThat((double) service.networkBytes()).isEqualTo(one);
            draw(service, of("other"));
            assertThat((double) service.networkBytes())
                    .as("with a second denoiser, but no second autoencoder or text encoder")
                    .isBetween(1.1 * one, 1.95 * one);
        }
    }

    private static Path copied(Path to) throws IOException {
        try (Stream<Path> files = Files.walk(FOLDER)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Files.copy(file, to.resolve(FOLDER.relativize(file).toString()));
            }
        }
        return to;
    }

    @Test
    void networks_that_were_not_used_longest_go_where_others_need_the_room() {
        ServiceEstimate estimate;
        try (DiffusionService service = open(ServiceConfig.DEFAULT)) {
            estimate = service.estimate(of("plain")).orElseThrow();
            assertThat(estimate.seconds()).isPositive();
        }
        double one = estimate.networkBytes();
        try (DiffusionService service =
                open(ServiceConfig.DEFAULT.with(c -> c.memory = (long) (estimate.bytes() + one / 10)))) {
            for (int i = 0; i < 2; i++) {
                assertThat(draw(service, of("plain"))).isEqualTo(plain);
                assertThat((double) service.networkBytes()).isLessThanOrEqualTo(1.1 * one);
                assertThat(draw(service, of("merged"))).isEqualTo(merged);
                assertThat((double) service.networkBytes()).isLessThanOrEqualTo(1.1 * one);
            }
        }
        try (DiffusionService service =
                open(ServiceConfig.DEFAULT.with(c -> c.memory = (long) (estimate.bytes() - one / 10)))) {
            assertThatExceptionOfType(Problem.class)
                    .isThrownBy(() -> service.submit(of("plain")))
                    .satisfies(problem -> assertThat(problem.kind()).isEqualTo(Problem.Kind.REQUEST))
                    .satisfies(problem -> assertThat(problem.worded(field -> "<" + field + ">"))
                            .contains("this service may use", "(<memory>)", "<batchSize>"));
            assertThat(service.jobs()).isEmpty();
        }
    }

    @Test
    void adapters_belong_to_the_request_and_leave_the_model_as_it_is() {
        int[] seen;
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(FOLDER);
                LoraAdapter adapter = LoraAdapter.read(LORA.path());
                LoraView view = pipeline.fit(List.of(new LoraView.Use(adapter, 0.7, 0.7)));
                GenerationResult result = pipeline.withAdapters(view).generate(REQUEST)) {
            seen = pixels(result.images().get(0));
        }
        try (DiffusionService service = open(ServiceConfig.DEFAULT)) {
            ServiceRequest adapted = of("plain").with(r -> r.loras = List.of(LORA));
            JobResult result = service.submit(adapted).await();
            assertThat(pixels(result.images().get(0))).isEqualTo(seen).isNotEqualTo(plain);
            assertThat(result.pictures().get(0).notes().values())
                    .anySatisfy(note -> assertThat(note).contains("kohya"));
            assertThat(draw(service, of("plain"))).isEqualTo(plain);
            assertThat(draw(service, adapted)).isEqualTo(seen);
            assertThatExceptionOfType(Problem.class)
                    .isThrownBy(() -> service.submit(
                            adapted.with(r -> r.loras = List.of(new LoraChoice(Path.of("nothing.safetensors"), 1)))));
        }
    }

    @Test
    void a_job_whose_adapter_does_not_fit_is_refused() {
        ServiceRequest adapted = of("plain").with(r -> r.loras = List.of(LORA));
        double without;
        double with;
        try (DiffusionService service = open(ServiceConfig.DEFAULT)) {
            without = service.estimate(of("plain")).orElseThrow().bytes();
            with = service.estimate(adapted).orElseThrow().bytes();
        }
        assertThat(with).isGreaterThan(without + 1000);
        try (DiffusionService service =
                open(ServiceConfig.DEFAULT.with(c -> c.memory = (long) ((with + without) / 2)))) {
            assertThat(draw(service, of("plain"))).isEqualTo(plain);
            assertThatExceptionOfType(Problem.class)
                    .isThrownBy(() -> service.submit(adapted))
                    .withMessageContaining("this service may use");
        }
    }

    @Test
    void jobs_of_two_models_begin_together_only_where_both_fit() {
        double process = DrawingEstimate.processBytes();
        Memory memory = new Memory((long) (process + 150));
        Memory.Need first = new Memory.Need("first", 60, 20);
        Memory.Need second = new Memory.Need("second", 60, 20);
        memory.begin(first);
        assertThat(memory.hasRoomFor(first)).as("which shares the networks").isTrue();
        assertThat(memory.hasRoomFor(second)).isFalse();
        assertThat(memory.forNetworks()).isEqualTo(130);
        memory.end(first);
        assertThat(memory.hasRoomFor(second)).isTrue();
        assertThat(memory.forNetworks()).isEqualTo(150);
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> memory.check(new Memory.Need("third", 100, 51)))
                .satisfies(
                        problem -> assertThat(problem.worded(FieldNames.BARE)).contains("(memory)"));
    }

    @Test
    void models_come_and_go_while_the_service_runs() {
        try (DiffusionService service = DiffusionService.open(Map.of(), ServiceConfig.DEFAULT)) {
            assertThatExceptionOfType(Problem.class)
                    .isThrownBy(() -> service.submit(REQUEST))
                    .withMessageContaining("there is no model yet");
            service.add("late", ServiceModel.at(FOLDER));
            service.add("late", ServiceModel.at(Path.of("nowhere"))); // is there
            assertThat(service.models()).containsExactly("late");
            assertThat(draw(service, of("late"))).isEqualTo(plain);
            Job job = service.submit(of("late"));
            service.remove("late");
            assertThat(pixels(job.await().images().get(0))).isEqualTo(plain);
            assertThat(service.models()).isEmpty();
        }
    }
}
