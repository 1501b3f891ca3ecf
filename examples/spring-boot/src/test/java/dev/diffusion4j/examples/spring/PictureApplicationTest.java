// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples.spring;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.Job;
import dev.diffusion4j.service.JobState;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import javax.imageio.ImageIO;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;

/** The application is started as it is, and driven over HTTP. */
@Timeout(60)
class PictureApplicationTest {
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    private static ConfigurableApplicationContext application;
    private static int port;

    @BeforeAll
    static void start() {
        application = SpringApplication.run(
                PictureApplication.class,
                "--server.port=0",
                "--diffusion4j.model=../../core/src/test/resources/golden/tiny-sd",
                "--diffusion4j.image.steps=2",
                "--diffusion4j.queue=0");
        port = application.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
    }

    @AfterAll
    static void stop() {
        application.close();
    }

    private static HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return CLIENT.send(request(path), BodyHandlers.ofString());
    }

    private static HttpRequest request(String path) {
        return HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
                .build();
    }

    @Test
    void a_picture_is_a_png_and_health_and_metrics_know_of_it() throws IOException, InterruptedException {
        HttpResponse<byte[]> png = CLIENT.send(request("/picture?prompt=a+cat"), BodyHandlers.ofByteArray());
        assertThat(png.headers().firstValue("Content-Type")).contains("image/png");
        assertThat(ImageIO.read(new ByteArrayInputStream(png.body())).getWidth())
                .isEqualTo(16);
        assertThat(get("/actuator/health").body()).contains("\"diffusion\":", "\"tiny-sd\"");
        assertThat(get("/actuator/metrics/diffusion4j.steps").body()).contains("COUNT");
        assertThat(get("/actuator/metrics/gen_ai.client.operation").body()).contains("diffusion4j");
        HttpResponse<String> wrong = get("/progress?prompt=a+cat&steps=5000");
        assertThat(wrong.statusCode()).isEqualTo(422);
        assertThat(wrong.body()).startsWith("steps must be");
    }

    @Test
    void progress_ends_with_the_picture() throws IOException, InterruptedException {
        List<String> events =
                get("/progress?prompt=a+cat&steps=3").body().lines().toList();
        assertThat(events).contains("event:progress", "event:picture");
        String picture = events.get(events.lastIndexOf("event:picture") + 1).replace("data:", "");
        assertThat(ImageIO.read(new ByteArrayInputStream(Base64.getDecoder().decode(picture)))
                        .getWidth())
                .isEqualTo(16);
    }

    @Test
    void a_client_that_goes_away_cancels_its_job_which_frees_its_memory() throws IOException, InterruptedException {
        get("/progress?prompt=a+cat&steps=2"); // reads the networks
        long before = Pointer.totalCount();
        DiffusionService service = application.getBean(DiffusionService.class);
        Job job;
        try (Socket socket = new Socket("localhost", port)) {
            socket.getOutputStream()
                    .write("GET /progress?prompt=a+cat&steps=990 HTTP/1.1\r\nHost: localhost\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            BufferedReader answer =
                    new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            assertThat(answer.lines().anyMatch(line -> line.equals("event:progress")))
                    .isTrue();
            job = service.jobs().get(0);
            assertThat(get("/picture?prompt=a+cat").statusCode())
                    .as("nobody waits beside it")
                    .isEqualTo(429);
        }
        while (!job.result().isDone()) {
            Thread.sleep(20);
        }
        assertThat(job.state()).isEqualTo(JobState.CANCELLED);
        int step = job.progress().step();
        assertThat(step).isLessThan(990);
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
        assertThat(get("/picture?prompt=a+cat").statusCode()).isEqualTo(200);
        assertThat(job.progress().step()).isEqualTo(step);
    }
}
