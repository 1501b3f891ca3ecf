// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.springai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.drawing.GenerationNote;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.ServiceConfig;
import dev.diffusion4j.service.ServiceModel;
import dev.diffusion4j.text.PromptSyntax;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.ai.content.Media;
import org.springframework.ai.image.ImageGeneration;
import org.springframework.ai.image.ImageMessage;
import org.springframework.ai.image.ImageOptionsBuilder;
import org.springframework.ai.image.ImagePrompt;
import org.springframework.ai.image.ImageResponse;
import org.springframework.ai.image.observation.DefaultImageModelObservationConvention;

/** What users of Spring AI see. No test depends on how fast anything is. */
@Timeout(60)
class DiffusionImageModelTest {
    private static final Path MODEL = Path.of("../../core/src/test/resources/golden/tiny-sd");
    private static final DiffusionImageOptions SMALL =
            DiffusionImageOptions.builder().steps(2).scheduler("ddim").seed(5L).build();

    @TempDir
    Path folder;

    private static DiffusionService service;
    private static DiffusionImageModel model;

    @BeforeAll
    static void open() {
        service = DiffusionService.open(Map.of("tiny", ServiceModel.at(MODEL)), ServiceConfig.DEFAULT);
        model = new DiffusionImageModel(service, SMALL);
    }

    @AfterAll
    static void close() {
        service.close();
    }

    private static int[] pixels(BufferedImage image) {
        return image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
    }

    private static byte[] file(ImageGeneration drawn) {
        return Base64.getDecoder().decode(drawn.getOutput().getB64Json());
    }

    private static int[] pixels(ImageGeneration drawn) throws IOException {
        return pixels(ImageIO.read(new ByteArrayInputStream(file(drawn))));
    }

    private static int[] drawn(ImageMessage... messages) throws IOException {
        return pixels(model.call(new ImagePrompt(List.of(messages), SMALL)).getResult());
    }

    /** What the pipeline draws by itself. */
    private static int[] expected(GenerationRequest request) {
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(MODEL);
                GenerationResult result =
                        pipeline.withScheduler(SchedulerKind.DDIM).generate(request)) {
            return pixels(result.images().get(0));
        }
    }

    private static GenerationRequest request() {
        return GenerationRequest.of(r -> r.prompt("a cat").steps(2).seed(5));
    }

    @Test
    void a_picture_is_the_pipelines_and_says_how_it_is_drawn_again() throws IOException {
        DiffusionImageOptions options = DiffusionImageOptions.builder()
                .n(2)
                .guidanceScale(3.0)
                .negativePrompt("rain")
                .build();
        ImageResponse response = model.call(new ImagePrompt("a cat", options));
        assertThat(response.getResults()).hasSize(2);
        ImageGeneration second = response.getResults().get(1);
        assertThat(pixels(second))
                .isEqualTo(expected(
                        request().with(r -> r.seed(6).negativePrompt("rain").guidanceScale(3))));
        assertThat(response.getMetadata().<Long>get("seed")).isEqualTo(5);
        assertThat(response.getMetadata().<String>get("model")).isEqualTo("tiny");
        DiffusionImageMetadata metadata = (DiffusionImageMetadata) second.getMetadata();
        assertThat(metadata.seed()).isEqualTo(6);
        assertThat(metadata.note()).contains("\"tiny\"").doesNotContain("golden");
        assertThat(PngFile.readNotes(new ByteArrayInputStream(file(second)), "the picture"))
                .containsEntry("diffusion4j", metadata.note());
        assertThat(expected(
                        GenerationNote.read(metadata.note(), "the note").note().request()))
                .isEqualTo(pixels(second));
    }

    @Test
    void options_of_any_model_count_beside_those_of_this_one() throws IOException {
        ImageResponse wide = model.call(new ImagePrompt(
                "a cat",
                ImageOptionsBuilder.builder()
                        .model("tiny")
                        .width(32)
                        .height(16)
                        .responseFormat("b64_json")
                        .style("vivid")
                        .build()));
        BufferedImage picture = ImageIO.read(new ByteArrayInputStream(file(wide.getResult())));
        assertThat(picture.getWidth()).isEqualTo(32);
        assertThat(picture.getHeight()).isEqualTo(16);
        DiffusionImageModel any = new DiffusionImageModel(
                service, DiffusionImageOptions.builder().steps(1).build());
        assertThat(any.call(new ImagePrompt("a cat")).getMetadata().<Long>get("seed"))
                .isNotEqualTo(any.call(new ImagePrompt("a cat")).getMetadata().<Long>get("seed"));
    }

    @Test
    void messages_with_a_negative_weight_are_what_a_picture_is_guided_away_from() throws IOException {
        assertThat(drawn(
                        new ImageMessage("a cat"),
                        new ImageMessage("rain", -1f),
                        new ImageMessage("on a mat", 1f),
                        new ImageMessage("fog", 0f)))
                .isEqualTo(
                        expected(request().with(r -> r.prompt("a cat, on a mat").negativePrompt("rain"))));
        assertThat(drawn(new ImageMessage("a cat (red)", 1.3f), new ImageMessage("rain", -1.5f)))
                .isEqualTo(expected(request().with(r -> r.prompt("(a cat \\(red\\):1.3)")
                        .negativePrompt("(rain:1.5)")
                        .promptSyntax(PromptSyntax.A1111))));
    }

    @Test
    void a_media_is_the_picture_to_start_from_and_one_called_mask_says_where() throws IOException {
        BufferedImage start = new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB);
        BufferedImage open = new BufferedImage(16, 16, BufferedImage.TYPE_INT_ARGB);
        BufferedImage white = new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < 16; y++) {
            for (int x = 0; x < 16; x++) {
                start.setRGB(x, y, x << 20 | y << 12);
                open.setRGB(x, y, x < 8 ? 0xff << 24 : 0);
                white.setRGB(x, y, x < 8 ? 0 : 0xffffff);
            }
        }
        Path picture = folder.resolve("start.png");
        PngFile.write(picture, start);
        PngFile.write(folder.resolve("white.png"), white);
        ImageIO.write(open, "png", folder.resolve("open.png").toFile());
        Media media = Media.builder()
                .mimeType(Media.Format.IMAGE_PNG)
                .data(Files.readAllBytes(picture))
                .build();
        Media mask = Media.builder()
                .mimeType(Media.Format.IMAGE_PNG)
                .data("data:image/png;base64,"
                        + Base64.getEncoder().encodeToString(Files.readAllBytes(folder.resolve("open.png"))))
                .name("mask")
                .build();
        GenerationRequest whole = request().with(r -> r.picture(picture.toString()));
        assertThat(drawn(new ImageMessage("a cat", null, List.of(media), Map.of())))
                .isEqualTo(expected(whole));
        assertThat(drawn(new ImageMessage("a cat", null, List.of(media, mask), Map.of())))
                .isEqualTo(expected(
                        whole.with(r -> r.mask(folder.resolve("white.png").toString()))));
    }

    @Test
    void what_is_no_request_is_illegal_and_what_cannot_be_drawn_is_a_problem() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> drawn(new ImageMessage("rain", -1f)))
                .withMessageContaining("prompt is missing");
        Media far = new Media(Media.Format.IMAGE_PNG, URI.create("http://127.0.0.1/picture.png"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> drawn(new ImageMessage("a cat", null, List.of(far), Map.of())))
                .withMessageContaining("no other address is followed");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> model.call(new ImagePrompt(
                        "a cat",
                        ImageOptionsBuilder.builder().responseFormat("url").build())))
                .withMessage("responseFormat must be 'b64_json', but was 'url'");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DiffusionImageOptions.builder().width(64).build())
                .withMessage("give both width and height, or neither");
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> model.call(new ImagePrompt(
                        "a cat", DiffusionImageOptions.builder().model("large").build())))
                .withMessageContaining("there is no model 'large'");
        assertThatExceptionOfType(CancellationException.class)
                .isThrownBy(() -> model.call(new ImagePrompt(
                        "a cat",
                        DiffusionImageOptions.builder()
                                .steps(900)
                                .n(50)
                                .timeout(Duration.ofMillis(30))
                                .build())))
                .withMessageContaining("deadline");
    }

    @Test
    void an_interrupt_cancels() throws InterruptedException {
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread caller = new Thread(() -> {
            try {
                model.call(new ImagePrompt(
                        "a cat",
                        DiffusionImageOptions.builder().steps(900).n(50).build()));
            } catch (RuntimeException e) {
                thrown.set(e);
            }
        });
        caller.start();
        while (service.jobs().isEmpty()) {
            Thread.sleep(10);
        }
        caller.interrupt();
        caller.join();
        assertThat(thrown.get()).isInstanceOf(CancellationException.class);
        while (!service.jobs().isEmpty()) {
            Thread.sleep(10); // until the step is done
        }
    }

    @Test
    void a_call_is_observed_as_those_of_other_models_are() {
        List<String> seen = new ArrayList<>();
        ObservationRegistry observations = ObservationRegistry.create();
        observations.observationConfig().observationHandler(new ObservationHandler<Observation.Context>() {
            @Override
            public void onStop(Observation.Context context) {
                seen.add(context.getName() + " "
                        + context.getLowCardinalityKeyValue("gen_ai.system").getValue());
            }

            @Override
            public boolean supportsContext(Observation.Context context) {
                return true;
            }
        });
        new DiffusionImageModel(service, SMALL, observations, new DefaultImageModelObservationConvention())
                .call(new ImagePrompt("a cat"));
        assertThat(seen).containsExactly("gen_ai.client.operation diffusion4j");
    }
}
