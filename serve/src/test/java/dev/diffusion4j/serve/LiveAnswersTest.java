// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.serve.LiveAnswers.Event;
import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.ServiceConfig;
import io.javalin.config.RoutesConfig;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Events of another module's routes, over real HTTP. */
@Timeout(20)
class LiveAnswersTest {
    private static final LiveAnswers LIVE = new LiveAnswers("test-events", Duration.ofMillis(20));

    private static DiffusionServer server;
    private static Client client;

    @BeforeAll
    static void start() {
        ServerExtension extension = new ServerExtension() {
            @Override
            public void add(RoutesConfig routes, DiffusionService service) {
                routes.get("/endless", ctx -> LIVE.send(ctx, () -> List.of(new Event("tick", Map.of()))));
                routes.get("/short", ctx -> LIVE.send(ctx, () -> List.of(new Event("end", Map.of("n", 1L), true))));
            }
        };
        server = DiffusionServer.start(
                Map.of(), ServiceConfig.DEFAULT, ServerConfig.DEFAULT.with(c -> c.port = 0), extension);
        client = Client.of(server);
    }

    @AfterAll
    static void stop() {
        server.stop(Duration.ZERO);
    }

    @Test
    void an_answer_ends_with_its_last_event_or_with_its_owner_while_the_server_goes_on()
            throws IOException, InterruptedException {
        assertThat(new String(client.get("/short").body(), StandardCharsets.UTF_8))
                .containsOnlyOnce("event: end")
                .contains("data: {\"n\": 1}");

        try (InputStream events = client.http()
                .send(client.to("/endless").build(), BodyHandlers.ofInputStream())
                .body()) {
            assertThat(events.readNBytes("event: tick".length())).asString().isEqualTo("event: tick");
            LIVE.close();
            assertThat(CompletableFuture.supplyAsync(() -> rest(events))).succeedsWithin(Duration.ofSeconds(10));

            assertThat(client.get("/health").statusCode()).isEqualTo(200);
            assertThat(client.get("/endless").body()).isEmpty();
        }
    }

    private static byte[] rest(InputStream events) {
        try {
            return events.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
