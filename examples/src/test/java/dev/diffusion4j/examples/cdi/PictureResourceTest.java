// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples.cdi;

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
import org.glassfish.grizzly.http.server.HttpServer;
import org.glassfish.jersey.grizzly2.httpserver.GrizzlyHttpServerFactory;
import org.glassfish.jersey.server.ResourceConfig;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The resource answers over HTTP, by Jersey on Grizzly; what CDI would call is called by hand. */
@Timeout(60)
class PictureResourceTest {
    private static final Diffusion PRODUCER = new Diffusion();

    private static DiffusionService service;
    private static HttpServer server;
    private static int port;

    @BeforeAll
    static void start() {
        service = PRODUCER.service("../core/src/test/resources/golden/tiny-sd", 0);
        server = GrizzlyHttpServerFactory.createHttpServer(
                URI.create("http://localhost:0/"),
                new ResourceConfig(Refusals.Full.class, Refusals.Wrong.class, Refusals.Invalid.class)
                        .register(new PictureResource(service)));
        port = server.getListeners().iterator().next().getPort();
    }

    @AfterAll
    static void stop() {
        PRODUCER.close(service);
        server.shutdownNow();
    }

    private static HttpRequest request(String path) {
        return HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
                .build();
    }

    @Test
    void a_picture_is_a_png_and_progress_ends_with_it() throws IOException, InterruptedException {
        HttpClient client = HttpClient.newHttpClient();
        HttpResponse<byte[]> png =
                client.send(request("/pictures?prompt=a+cat&seed=7&steps=2"), BodyHandlers.ofByteArray());
        assertThat(ImageIO.read(new ByteArrayInputStream(png.body())).getWidth())
                .isEqualTo(16);
        List<String> events = client.send(
                        request("/pictures/progress?prompt=a+cat&seed=7&steps=2"), BodyHandlers.ofString())
                .body()
                .lines()
                .toList();
        assertThat(events).contains("event: progress", "event: picture");
        String last = events.get(events.lastIndexOf("event: picture") + 1).replace("data: ", "");
        assertThat(Base64.getDecoder().decode(last)).isEqualTo(png.body());
        assertThat(client.send(request("/pictures?prompt=a+cat&seed=8&steps=2"), BodyHandlers.ofByteArray())
                        .body())
                .isNotEqualTo(png.body());
    }

    @Test
    void what_cannot_be_drawn_is_a_wrong_request() throws IOException, InterruptedException {
        for (String path : List.of(
                "/pictures?prompt=a+cat&steps=5000", "/pictures?prompt=a+cat&steps=0", "/pictures/progress?class=3")) {
            HttpResponse<String> wrong = HttpClient.newHttpClient().send(request(path), BodyHandlers.ofString());
            assertThat(wrong.statusCode()).as(path).isEqualTo(400);
            assertThat(wrong.body()).isNotBlank().doesNotContain("\n");
        }
    }

    @Test
    void who_goes_away_cancels_the_job_and_others_are_refused_until_then() throws IOException, InterruptedException {
        Job job;
        try (Socket socket = new Socket("localhost", port)) {
            socket.getOutputStream()
                    .write("GET /pictures/progress?prompt=a+cat&steps=990 HTTP/1.1\r\nHost: localhost\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            BufferedReader answer =
                    new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            assertThat(answer.lines().anyMatch(line -> line.equals("event: progress")))
                    .isTrue();
            job = service.jobs().get(0);
            HttpResponse<String> full =
                    HttpClient.newHttpClient().send(request("/pictures?prompt=a+dog&steps=2"), BodyHandlers.ofString());
            assertThat(full.statusCode()).isEqualTo(429);
            assertThat(full.headers().firstValueAsLong("Retry-After")).isPresent();
        }
        while (!job.result().isDone()) {
            Thread.sleep(20);
        }
        assertThat(job.state()).isEqualTo(JobState.CANCELLED);
        assertThat(job.progress().share()).isLessThan(1);
    }
}
