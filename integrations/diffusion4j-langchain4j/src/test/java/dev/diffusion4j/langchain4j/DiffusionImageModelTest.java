// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.diffusion4j.drawing.GenerationNote;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.Job;
import dev.diffusion4j.service.JobListener;
import dev.diffusion4j.service.JobProgress;
import dev.diffusion4j.service.ServiceConfig;
import dev.diffusion4j.service.ServiceModel;
import dev.langchain4j.data.image.Image;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.exception.ModelNotFoundException;
import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.exception.TimeoutException;
import dev.langchain4j.model.image.ImageModel;
import dev.langchain4j.model.output.Response;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What users of LangChain4j see. No test depends on how fast anything is. */
@Timeout(60)
class DiffusionImageModelTest {
    private static final Path TEXT = Path.of("../../core/src/test/resources/golden/tiny-sd");
    private static final Path WORDLESS = Path.of("../../core/src/test/resources/golden/tiny-pipeline");

    private static DiffusionService service;

    @BeforeAll
    static void open() {
        Map<String, ServiceModel> models = new LinkedHashMap<>();
        models.put("tiny", ServiceModel.at(TEXT));
        models.put("wordless", ServiceModel.at(WORDLESS));
        service = DiffusionService.open(models, ServiceConfig.DEFAULT.with(c -> c.queue = 0));
    }

    @AfterAll
    static void close() {
        service.close();
    }

    private static DiffusionImageModelBuilder tiny() {
        return DiffusionImageModel.builder()
                .service(service)
                .steps(2)
                .scheduler("ddim")
                .seed(5L);
    }

    private static int[] pixels(BufferedImage image) {
        return image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
    }

    private static byte[] file(Image image) {
        return Base64.getDecoder().decode(image.base64Data());
    }

    private static int[] pixels(Image image) throws IOException {
        return pixels(ImageIO.read(new ByteArrayInputStream(file(image))));
    }

    private static Image image(BufferedImage picture) throws IOException {
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        ImageIO.write(picture, "png", png);
        return Image.builder()
                .base64Data(Base64.getEncoder().encodeToString(png.toByteArray()))
                .build();
    }

    /** What the pipeline draws by itself. */
    private static int[] expected(GenerationRequest request) {
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(TEXT);
                GenerationResult result =
                        pipeline.withScheduler(SchedulerKind.DDIM).generate(request)) {
            return pixels(result.images().get(0));
        }
    }

    @Test
    void a_picture_is_the_pipelines_and_says_how_it_is_drawn_again() throws IOException {
        ImageModel model = tiny().guidanceScale(3.0).negativePrompt("rain").build();
        Response<Image> drawn = model.generate("a red cat");
        int[] pixels = pixels(drawn.content());
        assertThat(pixels).isEqualTo(expected(GenerationRequest.of(r -> r.prompt("a red cat")
                .negativePrompt("rain")
                .guidanceScale(3)
                .steps(2)
                .seed(5))));
        assertThat(drawn.content().mimeType()).isEqualTo("image/png");
        assertThat(drawn.metadata()).containsEntry("seed", 5L);
        String note = ((List<?>) drawn.metadata().get("notes")).get(0).toString();
        assertThat(PngFile.readNotes(new ByteArrayInputStream(file(drawn.content())), "the picture"))
                .containsEntry("diffusion4j", note);
        assertThat(note).contains("\"tiny\"").doesNotContain("golden");
        assertThat(expected(GenerationNote.read(note, "the note").note().request()))
                .isEqualTo(pixels);
    }

    @Test
    void n_pictures_have_seeds_one_after_the_other_and_without_one_each_call_has_another() throws IOException {
        List<Image> two = tiny().build().generate("a red cat", 2).content();
        assertThat(two).hasSize(2);
        assertThat(pixels(two.get(1)))
                .isEqualTo(pixels(tiny().seed(6L).build().generate("a red cat").content()));
        ImageModel any = tiny().seed(null).build();
        assertThat(any.generate("a red cat").metadata().get("seed"))
                .isNotEqualTo(any.generate("a red cat").metadata().get("seed"));
    }

    @Test
    void a_picture_is_edited_as_the_pipeline_does_it_all_of_it_or_where_the_mask_is_open(@TempDir Path folder)
            throws IOException {
        ImageModel model = tiny().strength(0.9).build();
        BufferedImage start = new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB);
        BufferedImage mask = new BufferedImage(16, 16, BufferedImage.TYPE_INT_ARGB);
        BufferedImage white = new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < 16; y++) {
            for (int x = 0; x < 16; x++) {
                start.setRGB(x, y, x << 20 | y << 12);
                mask.setRGB(x, y, x < 8 ? 0xff << 24 : 0);
                white.setRGB(x, y, x < 8 ? 0 : 0xffffff);
            }
        }
        Path picture = folder.resolve("start.png");
        Path redrawn = folder.resolve("mask.png");
        PngFile.write(picture, start);
        PngFile.write(redrawn, white);
        GenerationRequest request = GenerationRequest.of(r -> r.prompt("a cat")
                .picture(picture.toString())
                .strength(0.9)
                .steps(2)
                .seed(5));

        assertThat(pixels(model.edit(image(start), "a cat").content())).isEqualTo(expected(request));
        int[] masked = expected(request.with(r -> r.mask(redrawn.toString())));
        assertThat(pixels(model.edit(image(start), image(mask), "a cat").content()))
                .isEqualTo(masked);
        assertThat(pixels(model.edit(image(start), image(white), "a cat").content()))
                .as("without transparency it is white where the picture is drawn anew")
                .isEqualTo(masked);
        Image url = Image.builder()
                .url("data:image/png;base64," + image(start).base64Data())
                .build();
        assertThat(pixels(model.edit(url, image(mask), "a cat").content())).isEqualTo(masked);
    }

    @Test
    void arguments_that_are_none_are_illegal() throws IOException {
        ImageModel model = tiny().mostPixels(400).build();
        Image small = image(new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> model.generate(" "))
                .withMessageContaining("prompt");
        assertThatIllegalArgumentException().isThrownBy(() -> model.generate("a cat", 0));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> model.edit(
                        Image.builder().url("http://127.0.0.1/picture.png").build(), "a cat"))
                .withMessageContaining("no other address is followed");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> model.edit(Image.builder().base64Data("AAAA").build(), "a cat"))
                .withMessage("image must be a whole PNG or JPEG picture");
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> model.edit(small, image(new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB)), "a cat"))
                .withMessage("mask must be as large as picture, 16x16, but was 8x8");
        assertThatExceptionOfType(InvalidRequestException.class)
                .isThrownBy(() -> model.edit(image(new BufferedImage(21, 20, BufferedImage.TYPE_INT_RGB)), "a cat"))
                .withMessageContaining("at most 400 pixels");
        assertThatIllegalArgumentException().isThrownBy(() -> tiny().steps(0).build());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> tiny().strength(1.5).build());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DiffusionImageModel.builder().build())
                .withMessage("give either a model or a service");
    }

    @Test
    void what_cannot_be_drawn_is_langchain4js_exception() {
        assertThatExceptionOfType(ModelNotFoundException.class)
                .isThrownBy(() -> tiny().modelName("large").build())
                .withMessageContaining("tiny, wordless");
        assertThatExceptionOfType(InvalidRequestException.class)
                .isThrownBy(() -> tiny().modelName("wordless").build().generate("a red cat"))
                .withMessageContaining("prompt");
        assertThatExceptionOfType(LangChain4jException.class)
                .isThrownBy(() ->
                        DiffusionImageModel.builder().model(Path.of("nowhere")).build())
                .withMessageContaining("nowhere");
        assertThatExceptionOfType(TimeoutException.class)
                .isThrownBy(() ->
                        tiny().steps(900).timeout(Duration.ofMillis(30)).build().generate("a red cat", 50))
                .withMessageContaining("deadline");
    }

    @Test
    void an_interrupt_cancels_and_who_comes_meanwhile_may_try_again() throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        ImageModel slow = tiny().steps(900)
                .listener(new JobListener() {
                    @Override
                    public void onProgress(Job job, JobProgress progress) {
                        begun.countDown();
                    }
                })
                .build();
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        AtomicReference<Boolean> interrupted = new AtomicReference<>();
        Thread caller = new Thread(() -> {
            try {
                slow.generate("a red cat", 50);
            } catch (RuntimeException e) {
                thrown.set(e);
                interrupted.set(Thread.currentThread().isInterrupted());
            }
        });
        caller.start();
        begun.await();
        Job job = service.jobs().get(0);
        assertThatExceptionOfType(RateLimitException.class)
                .isThrownBy(() -> tiny().build().generate("a red cat"));
        caller.interrupt();
        caller.join();
        assertThat(thrown.get()).isInstanceOf(CancellationException.class);
        assertThat(interrupted.get()).isTrue();
        assertThat(job.result()).failsWithin(Duration.ofSeconds(30));
        assertThat(job.progress().share()).isLessThan(1);
        assertThat(service.jobs()).isEmpty();
    }

    @Test
    void closing_closes_a_service_of_its_own_and_leaves_one_that_was_given() {
        tiny().build().close();
        assertThat(tiny().build().generate("a red cat").content()).isNotNull();
        DiffusionImageModel own = DiffusionImageModel.builder()
                .model(TEXT)
                .steps(1)
                .size(32, 16)
                .requests(request -> request.with(r -> r.shares = true))
                .build();
        assertThat(own.generate("a red cat").metadata().get("notes").toString()).contains("\"tiny-sd\"");
        own.close();
        own.close();
        assertThatIllegalStateException().isThrownBy(() -> own.generate("a red cat"));
    }
}
