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
        service = PRODUCER.service("../core/src/test/resources/golden/tiny-sd");
        server = GrizzlyHttpServerFactory.createHttpServer(
                URI.create("http://localhost:0/"), new ResourceConfig().register(new PictureResource(service)));
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
        HttpResponse<byte[]> png = client.send(request("/pictures?prompt=a+cat&steps=2"), BodyHandlers.ofByteArray());
        assertThat(ImageIO.read(new ByteArrayInputStream(png.body())).getWidth())
                .isEqualTo(16);
        List<String> events = client.send(request("/pictures/progress?prompt=a+cat&steps=2"), BodyHandlers.ofString())
                .body()
                .lines()
                .toList();
        assertThat(events).contains("event: progress", "event: picture");
        String last = events.get(events.lastIndexOf("event: picture") + 1).replace("data: ", "");
        assertThat(Base64.getDecoder().decode(last)).isEqualTo(png.body());
    }

    @Test
    void who_goes_away_cancels_the_job() throws IOException, InterruptedException {
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
        }
        while (!job.result().isDone()) {
            Thread.sleep(20);
        }
        assertThat(job.state()).isEqualTo(JobState.CANCELLED);
        assertThat(job.progress().share()).isLessThan(1);
    }
}
