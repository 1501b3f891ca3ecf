// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** However many clients are slow, silent or half gone, the others are answered. No test depends on how fast anything is. */
@Timeout(60)
class SlowClientsTest {
    /** More than the server has threads. */
    private static final int MANY = 200;

    /** Of thousands of requests. */
    private static final Logger LINES = Logger.getLogger(Door.class.getName());

    private final List<Socket> open = new ArrayList<>();
    private DiffusionServer server;
    private Client client;

    private void start(Consumer<Limits.Draft> limits) {
        server = Tiny.server(c -> c.limits = Limits.DEFAULT.with(l -> {
            l.steps = 1000;
            l.count = 100;
            limits.accept(l);
        }));
        client = Client.of(server);
    }

    @BeforeAll
    static void hush() {
        LINES.setLevel(Level.WARNING);
    }

    @AfterAll
    static void speak() {
        LINES.setLevel(null);
    }

    @AfterEach
    void stop() throws IOException {
        for (Socket socket : open) {
            socket.close();
        }
        server.stop(Duration.ZERO);
    }

    private Socket raw(String text) throws IOException {
        Socket socket = client.raw(text);
        open.add(socket);
        return socket;
    }

    private static String post(long length) {
        return "POST " + Tiny.GENERATIONS + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + length + "\r\n\r\n";
    }

    private void assertAnswers() throws InterruptedException {
        assertThat(client.get("/health").statusCode()).isEqualTo(200);
        Tiny.await(() -> client.post(Tiny.GENERATIONS, Tiny.SMALL).statusCode()
                == 200); // others may fill the queue for a moment
    }

    @Test
    void a_thousand_idle_connections_slow_bodies_and_half_closed_ones_keep_nobody_out() throws Exception {
        start(l -> {});
        for (int i = 0; i < 1000; i++) {
            raw(i % 2 == 0 ? "" : "GET /health HTT");
        }
        List<Socket> slow = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            raw(post(50) + "{").shutdownOutput();
            raw(post(Tiny.SMALL.length()) + Tiny.SMALL).shutdownOutput();
        }
        for (int i = 0; i < MANY; i++) {
            slow.add(raw(post(1000) + "{\"prompt\":"));
        }
        assertAnswers();
        for (Socket socket : slow) {
            assertThat(socket.getInputStream().available()).isZero(); // none was given up for it
        }
    }

    @Test
    void bodies_that_come_in_take_no_more_than_their_share_and_small_ones_always_fit() throws Exception {
        start(l -> {
            l.body = 1_000_000;
            l.memory = 6_000_000;
        });
        for (int i = 0; i < 2; i++) {
            raw(post(500_000) + "x".repeat(450_000));
        }
        Tiny.await(() -> server.bytesOnTheWay() == 2 * (450_000 - IncomingBody.FREE));
        HttpResponse<byte[]> refused = client.post(Tiny.GENERATIONS, " ".repeat(600_000));
        assertThat(refused.statusCode()).isEqualTo(503);
        assertThat(refused.headers().firstValueAsLong("Retry-After")).isPresent();
        assertThat(Client.error(refused)).containsEntry("code", "too_many_bodies");
        assertAnswers();
        for (Socket socket : open) {
            socket.close();
        }
        Tiny.await(() -> server.bytesOnTheWay() == 0);
        assertThat(client.post(Tiny.GENERATIONS, " ".repeat(600_000) + Tiny.SMALL)
                        .statusCode())
                .isEqualTo(200);
        Tiny.await(() -> server.bytesOnTheWay() == 0);
    }

    @Test
    void a_body_whose_length_is_not_known_is_cut_off_where_its_room_ends() throws Exception {
        start(l -> {
            l.body = 1_000_000;
            l.memory = 6_000_000;
        });
        String chunk = "30d40\r\n" + "x".repeat(200_000) + "\r\n"; // in hexadecimal
        String head = "POST " + Tiny.GENERATIONS + " HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
        raw(head + chunk.repeat(4));
        Tiny.await(() -> server.bytesOnTheWay() == 800_000 - IncomingBody.FREE);
        assertThat(client.status(head + chunk.repeat(2) + "0\r\n\r\n")).isEqualTo(503);
        assertThat(client.status(head + chunk.repeat(6) + "0\r\n\r\n")).isIn(413, 503);
        Tiny.await(() -> server.bytesOnTheWay() == 800_000 - IncomingBody.FREE);
    }

    @Test
    void readers_of_events_hold_no_threads_and_one_caller_has_its_share_alone() throws Exception {
        start(l -> l.requests = MANY);
        HttpResponse<byte[]> taken = client.post(
                "/api/v1/jobs",
                "{\"request\":{\"subject\":{\"prompts\":[\"a\",\"b\",\"c\",\"d\"]},\"canvas\":{\"count\":4,\"batch_size\":1},\"sampling\":{\"steps\":900}}}");
        assertThat(taken.statusCode())
                .as(new String(taken.body(), StandardCharsets.UTF_8))
                .isEqualTo(202);
        Object id = Client.json(taken).get("id");
        for (int i = 0; i < MANY; i++) {
            Socket reader = raw("GET /api/v1/jobs/" + id + "/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
            assertThat(new String(reader.getInputStream().readNBytes(12), StandardCharsets.US_ASCII))
                    .endsWith(" 200");
        }
        assertThat(client.get("/health").statusCode()).isEqualTo(200);
        HttpResponse<byte[]> refused = client.post(Tiny.GENERATIONS, Tiny.SMALL);
        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(Client.error(refused)).containsEntry("code", "too_many_requests");
        open.get(0).close();
        open.get(1).close();
        Tiny.await(() -> client.get("/api/v1/jobs/" + id).statusCode() == 200);
        assertThat(client.send(client.to("/api/v1/jobs/" + id).DELETE().build()).statusCode())
                .isEqualTo(200);
        for (Socket socket : open.subList(2, MANY)) {
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .contains("event: cancelled");
        }
    }

    /** Asks for a long text again and again, and reads nothing. */
    private void askWithoutReading(int callers) throws IOException {
        String get = "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n";
        for (int i = 0; i < callers; i++) {
            Socket socket = new Socket();
            open.add(socket);
            socket.setReceiveBufferSize(4096);
            socket.connect(new InetSocketAddress("127.0.0.1", client.port()));
            socket.getOutputStream().write(get.repeat(200).getBytes(StandardCharsets.US_ASCII));
        }
    }

    @Test
    void answers_that_nobody_reads_hold_no_threads() throws Exception {
        start(l -> l.requests = 2 * MANY);
        askWithoutReading(MANY);
        Tiny.await(() -> server.bytesOnTheWay() > MANY * 1000);
        assertAnswers();
    }

    @Test
    void where_answers_take_all_the_room_those_go_that_nobody_reads() throws Exception {
        start(l -> {
            l.memory = 600_000;
            l.requests = 2 * MANY;
        });
        askWithoutReading(20);
        Tiny.await(() -> server.bytesOnTheWay() > 100_000);
        HttpResponse<byte[]> many = client.post(Tiny.GENERATIONS, Tiny.SMALL.replace("}", ",\"n\":100}"));
        assertThat(Client.json(many).get("data"))
                .asInstanceOf(InstanceOfAssertFactories.LIST)
                .hasSize(100);
        assertThat(many.body().length).isGreaterThan(200_000);
    }

    @Test
    void where_there_are_as_many_connections_as_may_be_the_silent_ones_make_room() throws Exception {
        start(l -> l.connections = 50);
        for (int i = 0; i < 60; i++) {
            raw("");
        }
        assertAnswers();
    }
}
