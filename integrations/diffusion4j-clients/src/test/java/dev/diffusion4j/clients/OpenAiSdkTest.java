// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.errors.UnprocessableEntityException;
import com.openai.models.images.ImageCreateVariationParams;
import com.openai.models.images.ImageEditParams;
import com.openai.models.images.ImageGenStreamEvent;
import com.openai.models.images.ImageGenerateParams;
import com.openai.models.images.ImagesResponse;
import dev.diffusion4j.serve.DiffusionServer;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** OpenAI's own SDK for Java. Its Python sister is driven by {@code oracle/check_server.py}. */
@Timeout(120)
class OpenAiSdkTest {
    private static final int SEED = 7;
    private static final int STEPS = 4;

    private static DiffusionServer server;
    private static OpenAIClient client;

    @BeforeAll
    static void start() {
        server = Served.start();
        client = OpenAIOkHttpClient.builder()
                .baseUrl(Served.address(server))
                .apiKey("none needed")
                .maxRetries(0)
                .build();
    }

    @AfterAll
    static void stop() {
        client.close();
        server.stop(Duration.ZERO);
    }

    private static ImageGenerateParams.Builder cat() {
        return ImageGenerateParams.builder()
                .model("tiny")
                .prompt(Served.PROMPT)
                .size("32x32")
                .putAdditionalBodyProperty("seed", JsonValue.from(SEED))
                .putAdditionalBodyProperty("steps", JsonValue.from(STEPS));
    }

    private static byte[] picture(ImagesResponse answer, int index) {
        return Served.file(answer.data().orElseThrow().get(index).b64Json().orElseThrow());
    }

    @Test
    void it_lists_the_models() {
        assertThat(client.models().list().data()).extracting(each -> each.id()).contains("tiny", "dall-e-3");
        assertThat(client.models().retrieve("tiny").id()).isEqualTo("tiny");
    }

    @Test
    void it_generates_the_pictures_of_the_pipeline() {
        ImagesResponse answer = client.images()
                .generate(cat().n(2)
                        .responseFormat(ImageGenerateParams.ResponseFormat.B64_JSON)
                        .quality(ImageGenerateParams.Quality.HIGH)
                        .build());
        assertThat(Served.pixels(picture(answer, 0))).isEqualTo(Served.drawn(SEED, STEPS, r -> {}));
        assertThat(Served.pixels(picture(answer, 1))).isEqualTo(Served.drawn(SEED + 1, STEPS, r -> {}));
    }

    @Test
    void it_streams_pictures_on_their_way_and_the_finished_one() {
        try (StreamResponse<ImageGenStreamEvent> stream =
                client.images().generateStreaming(cat().partialImages(2).build())) {
            List<ImageGenStreamEvent> events = stream.stream().toList();
            assertThat(events).hasSize(3);
            assertThat(events.get(0).asGenerationPartialImage().partialImageIndex())
                    .isZero();
            assertThat(events.get(1).asGenerationPartialImage().partialImageIndex())
                    .isEqualTo(1);
            assertThat(Served.pixels(
                            Served.file(events.get(2).asGenerationCompleted().b64Json())))
                    .isEqualTo(Served.drawn(SEED, STEPS, r -> {}));
        }
    }

    /** A file of it is read once: each call has one of its own. */
    private static ImageEditParams.Builder edit(byte[] start) {
        return ImageEditParams.builder()
                .image(start)
                .prompt("a blue dog")
                .model("gpt-image-1")
                .putAdditionalBodyProperty("seed", JsonValue.from(SEED))
                .putAdditionalBodyProperty("steps", JsonValue.from(STEPS));
    }

    /** A mask that is transparent on its left side. */
    private static byte[] half() {
        BufferedImage mask = new BufferedImage(Served.SIDE, Served.SIDE, BufferedImage.TYPE_INT_ARGB);
        for (int y = 0; y < Served.SIDE; y++) {
            for (int x = Served.SIDE / 2; x < Served.SIDE; x++) {
                mask.setRGB(x, y, 0xff000000);
            }
        }
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        try {
            ImageIO.write(mask, "png", file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return file.toByteArray();
    }

    @Test
    void it_edits_and_varies_a_picture() {
        byte[] start = picture(client.images().generate(cat().build()), 0);
        byte[] whole = picture(client.images().edit(edit(start).build()), 0);
        assertThat(Served.pixels(whole)).hasSize(Served.SIDE * Served.SIDE).isNotEqualTo(Served.pixels(start));
        byte[] masked = picture(client.images().edit(edit(start).mask(half()).build()), 0);
        assertThat(Served.pixels(masked)).isNotEqualTo(Served.pixels(whole)).isNotEqualTo(Served.pixels(start));
        ImagesResponse varied = client.images()
                .createVariation(ImageCreateVariationParams.builder()
                        .image(start)
                        .n(2)
                        .responseFormat(ImageCreateVariationParams.ResponseFormat.B64_JSON)
                        .build());
        assertThat(varied.data().orElseThrow()).hasSize(2);
    }

    @Test
    void what_is_wrong_is_one_of_its_own_exceptions() {
        assertThatExceptionOfType(NotFoundException.class)
                .isThrownBy(() -> client.images().generate(cat().model("other").build()))
                .withMessageContaining("there is no");
        assertThatExceptionOfType(BadRequestException.class)
                .isThrownBy(() -> client.images().generate(cat().size("big").build()));
        assertThatExceptionOfType(UnprocessableEntityException.class)
                .isThrownBy(() -> client.images().generate(cat().n(11).build()))
                .satisfies(error -> assertThat(error.param()).contains("n"));
    }
}
