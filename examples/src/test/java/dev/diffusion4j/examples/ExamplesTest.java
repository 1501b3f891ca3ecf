// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.recipe.RunListener;
import dev.diffusion4j.recipe.TrainingRun;
import dev.diffusion4j.tensor.Tensors;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every example does what it says, in a second or two, and has fewer than 90 lines below the imports. */
class ExamplesTest {
    private static final Path MODEL = Path.of("../core/src/test/resources/golden/tiny-pipeline");
    private static final Path TEXT = Path.of("../core/src/test/resources/golden/tiny-sd");

    @TempDir
    Path folder;

    @Test
    void train_on_digits_and_draw_from_the_model() throws IOException {
        Path run = folder.resolve("run");
        assertThat(TrainOnDigits.run(run, 3).finished()).isTrue();
        assertThat(run.resolve("samples/step-000003.png")).isNotEmptyFile();
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(run.resolve("model"));
                GenerationResult drawn = pipeline.generate(
                        GenerationRequest.of(r -> r.classes(List.of(3, 7)).steps(2)))) {
            assertThat(drawn.images()).hasSize(2);
        }
        LoadAndSample.main(new String[] {run.resolve("model").toString(), folder.toString()});
        assertThat(ImageIO.read(folder.resolve("picture-3.png").toFile()).getWidth())
                .isEqualTo(24);
    }

    @Test
    void swap_scheduler() throws IOException {
        Path picture = folder.resolve("rows.png");
        SwapScheduler.main(new String[] {MODEL.toString(), picture.toString()});
        assertThat(ImageIO.read(picture.toFile()).getHeight()).isEqualTo(4 * 18 + 2);
    }

    @Test
    void steer_with_a_lambda() throws IOException {
        Path picture = folder.resolve("rows.png");
        SteerWithALambda.main(new String[] {MODEL.toString(), picture.toString()});
        BufferedImage rows = ImageIO.read(picture.toFile());
        assertThat(rows.getHeight()).isEqualTo(3 * 18 + 2);
        assertThat(brightness(rows, 20, 28)).isLessThan(brightness(rows, 2, 10) - 10);
    }

    private static double brightness(BufferedImage image, int from, int to) {
        double sum = 0;
        for (int y = from; y < to; y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                sum += image.getRaster().getSample(x, y, 0);
            }
        }
        return sum / ((to - from) * image.getWidth());
    }

    @Test
    void noise_schedules() throws IOException {
        Path picture = folder.resolve("schedules.png");
        NoiseSchedules.main(new String[] {picture.toString()});
        assertThat(ImageIO.read(picture.toFile()).getWidth()).isEqualTo(2 * (10 * 30 + 2));
    }

    @Test
    void cancel_from_another_thread() {
        assertThat(CancelFromAnotherThread.run(MODEL, 50)).isLessThan(1000);
    }

    @Test
    void save_for_python() throws IOException {
        SaveForPython.main(new String[] {MODEL.toString(), folder.toString()});
        assertThat(Files.readString(folder.resolve("model_index.json")))
                .contains("\"_class_name\": \"DDIMPipeline\"")
                .contains("DDIMScheduler");
        assertThat(Files.readString(folder.resolve("scheduler/scheduler_config.json")))
                .contains("\"timestep_spacing\": \"trailing\"");
    }

    @Test
    void your_own_scheduler() {
        GenerationRequest request = GenerationRequest.of(r -> r.steps(40).seed(5));
        try (DiffusionPipeline loaded = DiffusionPipeline.load(MODEL);
                DiffusionPipeline own = loaded.withScheduler(new YourOwnScheduler(2, loaded.scheduler()));
                GenerationResult many = own.generate(request);
                GenerationResult more = own.generate(request.with(r -> r.steps(80)))) {
            // an ODE solver: twice the steps lead to nearly the same picture
            float[] a = Tensors.floats(many.samples());
            float[] b = Tensors.floats(more.samples());
            double squares = 0;
            for (int i = 0; i < a.length; i++) {
                squares += (a[i] - b[i]) * (a[i] - b[i]);
            }
            assertThat(Math.sqrt(squares / a.length)).isLessThan(0.1);
            own.save(folder);
        }
        try (DiffusionPipeline read = DiffusionPipeline.load(folder)) {
            assertThat(read.scheduler().config()).containsEntry("power", 2.0);
        }
    }

    @Test
    void your_own_data() {
        Path run = folder.resolve("run");
        assertThat(YourOwnData.run(run, 3).finished()).isTrue();
        assertThat(run.resolve("recipe.yaml")).content().contains("source: java:gradients");
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> TrainingRun.resume(run, false))
                .withMessageContaining("resume it from that program");
        assertThat(TrainingRun.resume(run, false, YourOwnData::new)
                        .run(new RunListener() {}, () -> false)
                        .steps())
                .isEqualTo(3);
    }

    @Test
    void your_own_model_is_trained_stopped_resumed_loaded_and_drawn() throws IOException {
        Path whole = folder.resolve("whole");
        Path stopped = folder.resolve("stopped");
        assertThat(YourOwnModel.train(whole, 4, () -> false).finished()).isTrue();
        AtomicInteger asked = new AtomicInteger();
        assertThat(YourOwnModel.train(stopped, 4, () -> asked.incrementAndGet() > 2)
                        .finished())
                .isFalse();
        assertThat(YourOwnModel.train(stopped, 4, () -> false).finished()).isTrue();
        assertThat(stopped.resolve("model/unet/diffusion_pytorch_model.safetensors"))
                .hasSameBinaryContentAs(whole.resolve("model/unet/diffusion_pytorch_model.safetensors"));
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(stopped.resolve("model"), YourOwnModel.loading());
                GenerationResult drawn =
                        pipeline.generate(GenerationRequest.of(r -> r.count(2).steps(2)))) {
            assertThat(drawn.images()).hasSize(2);
            pipeline.save(folder.resolve("saved"));
        }
        assertThat(folder.resolve("saved/model_index.json")).content().contains("my.application");
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> DiffusionPipeline.load(folder.resolve("saved")))
                .withMessageContaining("'YourOwnModel'");
    }

    @Test
    void your_own_conditioner_draws_the_colour_that_is_named() {
        try (DiffusionPipeline trained = TrainYourOwnConditioner.run(120);
                DiffusionPipeline pipeline = trained.withConditioner(new YourOwnConditioner());
                GenerationResult drawn = pipeline.generate(GenerationRequest.of(
                        r -> r.prompts(List.of("red", "blue")).steps(5)))) {
            int red = drawn.images().get(0).getRGB(4, 4);
            int blue = drawn.images().get(1).getRGB(4, 4);
            assertThat((red >> 16 & 255) - (red & 255)).isGreaterThan(100);
            assertThat((blue & 255) - (blue >> 16 & 255)).isGreaterThan(100);
            assertThatExceptionOfType(Problem.class)
                    .isThrownBy(() -> pipeline.generate(GenerationRequest.of(r -> r.prompt("loud"))))
                    .withMessage("prompt must be red, green or blue, but was 'loud'");
        }
    }

    @Test
    void your_own_codec_is_trained_stopped_resumed_and_draws_pictures_from_packed_samples() {
        AtomicInteger asked = new AtomicInteger();
        assertThat(YourOwnCodec.train(folder, 3, () -> asked.incrementAndGet() > 2)
                        .finished())
                .isFalse();
        assertThat(YourOwnCodec.train(folder, 3, () -> false).finished()).isTrue();
        try (DiffusionPipeline trained = DiffusionPipeline.load(folder.resolve("model"));
                DiffusionPipeline pipeline = trained.withCodec(new YourOwnCodec());
                GenerationResult drawn =
                        pipeline.generate(GenerationRequest.of(r -> r.count(2).steps(2)))) {
            assertThat(Tensors.shape(drawn.samples())).containsExactly(2, 4, 14, 14);
            assertThat(drawn.images().get(1).getWidth()).isEqualTo(28);
        }
    }

    @Test
    void diffusion_by_hand() {
        assertThat(DiffusionByHand.run(3)).isBetween(0.0, 3.0);
    }

    @Test
    void embed_in_an_application() {
        EmbedInAnApplication.main(new String[] {MODEL.toString()});
    }

    @Test
    void serve_over_http() throws IOException, InterruptedException {
        HttpClient client = HttpClient.newHttpClient();
        try (ServeOverHttp server = new ServeOverHttp(TEXT, 0)) {
            String place = "http://localhost:" + server.address().getPort() + "/picture?";
            HttpResponse<byte[]> drawn = client.send(
                    HttpRequest.newBuilder(URI.create(place + "a+red+cat")).build(), BodyHandlers.ofByteArray());
            assertThat(drawn.statusCode()).isEqualTo(200);
            assertThat(ImageIO.read(new ByteArrayInputStream(drawn.body())).getWidth())
                    .isEqualTo(16);
        }
        try (ServeOverHttp server = new ServeOverHttp(MODEL, 0)) {
            String place = "http://localhost:" + server.address().getPort() + "/picture?";
            HttpResponse<String> refused = client.send(
                    HttpRequest.newBuilder(URI.create(place + "a+red+cat")).build(), BodyHandlers.ofString());
            assertThat(refused.statusCode()).isEqualTo(422);
            assertThat(refused.body()).contains("prompt");
        }
    }

    @Test
    void examples_are_short_and_all_are_tested() throws IOException {
        String tests = Files.readString(Path.of("src/test/java/dev/diffusion4j/examples/ExamplesTest.java"));
        try (Stream<Path> sources = Files.list(Path.of("src/main/java/dev/diffusion4j/examples"))) {
            assertThat(sources.filter(file -> Files.isRegularFile(file) && !file.endsWith("package-info.java")))
                    .hasSizeGreaterThan(8)
                    .allSatisfy(file -> {
                        List<String> lines = Files.readAllLines(file);
                        int imports = lines.lastIndexOf(lines.stream()
                                .filter(line -> line.startsWith("import "))
                                .reduce("", (before, line) -> line));
                        assertThat(lines.size() - imports).as("%s", file).isLessThan(90);
                        assertThat(tests).contains(file.getFileName().toString().replace(".java", ""));
                    });
        }
    }
}
