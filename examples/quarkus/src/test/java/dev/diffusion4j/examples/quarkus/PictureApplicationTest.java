// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples.quarkus;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.Job;
import dev.diffusion4j.service.JobState;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import javax.imageio.ImageIO;
import org.bytedeco.javacpp.Pointer;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Quarkus starts the application as it is, and HTTP drives it. */
@QuarkusTest
@Timeout(60)
class PictureApplicationTest {
    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static final String CAT = "pictures?prompt=a+cat&seed=7&steps=2";

    @Inject
    DiffusionService service;

    @TestHTTPResource
    URI root;

    @ConfigProperty(name = "pictures.model")
    Path model;

    private HttpResponse<byte[]> get(String path) throws IOException, InterruptedException {
        return CLIENT.send(HttpRequest.newBuilder(root.resolve(path)).build(), BodyHandlers.ofByteArray());
    }

    private static int[] pixels(BufferedImage picture) {
        return picture.getRGB(0, 0, picture.getWidth(), picture.getHeight(), null, 0, picture.getWidth());
    }

    @Test
    void a_picture_is_the_pipelines_of_the_same_seed() throws IOException, InterruptedException {
        HttpResponse<byte[]> png = get(CAT);
        assertThat(png.headers().firstValue("Content-Type")).contains("image/png");
        BufferedImage drawn = ImageIO.read(new ByteArrayInputStream(png.body()));
        assertThat(drawn.getWidth()).isEqualTo(16);
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(model);
                GenerationResult result = pipeline.generate(
                        GenerationRequest.of(r -> r.prompt("a cat").seed(7).steps(2)))) {
            assertThat(pixels(drawn)).isEqualTo(pixels(result.images().get(0)));
        }
    }

    @Test
    void progress_ends_with_the_picture() throws IOException, InterruptedException {
        String answer =
                new String(get(CAT.replace("pictures", "pictures/progress")).body(), StandardCharsets.UTF_8);
        List<String> events = answer.lines().toList();
        assertThat(events).contains("event:progress", "event:picture");
        String picture = events.get(events.lastIndexOf("event:picture") + 1).replace("data:", "");
        assertThat(Base64.getDecoder().decode(picture)).isEqualTo(get(CAT).body());
    }

    @ParameterizedTest
    @ValueSource(strings = {"pictures", "pictures/progress"})
    void a_client_that_goes_away_cancels_its_job_and_others_are_refused_until_then(String path)
            throws IOException, InterruptedException {
        get(CAT); // reads the networks
        long before = Pointer.totalCount();
        Job job;
        try (Socket socket = new Socket(root.getHost(), root.getPort())) {
            socket.getOutputStream()
                    .write(("GET /" + path + "?prompt=a+cat&steps=990 HTTP/1.1\r\nHost: localhost\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            while (service.jobs().isEmpty()) {
                Thread.sleep(5);
            }
            job = service.jobs().get(0);
            HttpResponse<byte[]> full = get(CAT);
            assertThat(full.statusCode()).isEqualTo(429);
            assertThat(full.headers().firstValueAsLong("Retry-After")).isPresent();
            assertThat(new String(full.body(), StandardCharsets.UTF_8)).contains("try again later");
        }
        while (!job.result().isDone()) {
            Thread.sleep(20);
        }
        assertThat(job.state()).isEqualTo(JobState.CANCELLED);
        assertThat(job.progress().share()).isLessThan(1);
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
        assertThat(get(CAT).statusCode()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"steps=5000&prompt=a+cat", "steps=0&prompt=a+cat", "class=3"})
    void what_cannot_be_drawn_is_one_line(String query) throws IOException, InterruptedException {
        for (String path : List.of("pictures?", "pictures/progress?")) {
            HttpResponse<byte[]> wrong = get(path + query);
            assertThat(wrong.statusCode()).as(path + query).isEqualTo(400);
            assertThat(new String(wrong.body(), StandardCharsets.UTF_8))
                    .isNotBlank()
                    .doesNotContain("\n");
        }
    }
}
