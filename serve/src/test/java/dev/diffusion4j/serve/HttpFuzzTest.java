// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever is sent, in whatever manner, nothing fails within the server, nothing is held when it is over, and the next picture is the one that it should
 * be. For longer: {@code mvn verify -pl serve -am -Dtest.excludedGroups= -Dtest.groups=fuzz -Dtest=HttpFuzzTest -Dfuzz.seconds=600}.
 */
class HttpFuzzTest {
    /** Of thousands of requests. */
    private static final Logger LINES = Logger.getLogger(Door.class.getName());

    private DiffusionServer server;
    private Client client;
    private byte[] picture;
    private LogLines failures;

    @BeforeEach
    void start() {
        LINES.setLevel(Level.WARNING);
        failures = LogLines.of(ErrorAnswer.class);
        server = Tiny.server(c -> {
            c.limits = Limits.DEFAULT.with(l -> {
                l.pixels = 64 * 64;
                l.steps = 4;
                l.count = 4;
                l.body = 300_000;
            });
            c.loraDir = Tiny.GOLDEN.resolve("text_lora");
        });
        client = Client.of(server);
        picture = drawn();
    }

    @AfterEach
    void stop() {
        server.stop(Duration.ZERO);
        failures.close();
        LINES.setLevel(null);
    }

    private byte[] drawn() {
        return Client.file(Client.picture(client.post(Tiny.GENERATIONS, Tiny.SMALL), 0));
    }

    /** The first ones, and those that have found faults. */
    @ParameterizedTest
    @ValueSource(ints = {0})
    @Timeout(120)
    void nothing_fails_and_nothing_is_held(int first) throws Exception {
        for (int seed = first; seed < first + 400; seed++) {
            shoot(seed);
        }
        assertSound();
    }

    /** Seed 1611: no handler takes it, and what nobody takes was never answered. */
    @Test
    void a_request_without_a_path_is_answered() throws IOException {
        try (Socket socket = client.raw("OPTIONS * HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")) {
            socket.setSoTimeout(20_000);
            String head = new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
            assertThat(head).isEqualTo("HTTP/1.1 404");
        }
    }

    @Test
    @Tag("fuzz")
    @Timeout(value = 1, unit = TimeUnit.DAYS)
    void nothing_fails_and_nothing_is_held_for_long() throws Exception {
        long end = System.nanoTime()
                + Duration.ofSeconds(Long.getLong("fuzz.seconds", 60)).toNanos();
        for (int seed = 1000; System.nanoTime() < end; seed++) {
            shoot(seed);
            if (seed % 1000 == 999) {
                assertSound();
            }
        }
        assertSound();
    }

    private void shoot(int seed) throws IOException {
        HttpFuzz.Shot shot = new HttpFuzz(seed, picture).next();
        try (Socket socket = client.raw("")) {
            socket.setSoTimeout(shot.isWhole() ? 20_000 : 20);
            send(shot, socket);
            byte[] head = socket.getInputStream().readNBytes(12);
            String status = head.length < 12 ? "none" : new String(head, 9, 3, StandardCharsets.US_ASCII);
            assertThat(status).as("seed %d", seed).isNotEqualTo("500");
        } catch (SocketTimeoutException e) {
            assertThat(shot.isWhole()).as("seed %d has no answer", seed).isFalse();
        } catch (SocketException e) {
            // it was refused while something was still on its way
        }
        assertThat(failures.all()).as("seed %d", seed).noneMatch(line -> line.contains("a request failed"));
    }

    private static void send(HttpFuzz.Shot shot, Socket socket) throws IOException {
        byte[] bytes = shot.bytes();
        switch (shot.manner()) {
            case CUT_OFF -> socket.getOutputStream().write(bytes, 0, bytes.length / 2);
            case IN_PIECES -> {
                for (int at = 0; at < bytes.length; at += bytes.length / 7 + 1) {
                    socket.getOutputStream()
                            .write(Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + bytes.length / 7 + 1)));
                }
            }
            case HALF_CLOSED -> {
                socket.getOutputStream().write(bytes);
                socket.shutdownOutput();
            }
            case WHOLE -> socket.getOutputStream().write(bytes);
        }
    }

    private void assertSound() throws InterruptedException {
        server.service().jobs().forEach(dev.diffusion4j.service.Job::cancel);
        Tiny.await(() -> server.service().jobs().isEmpty() && server.bytesOnTheWay() == 0);
        assertThat(client.get("/health").statusCode()).isEqualTo(200);
        assertThat(Client.pixels(drawn())).isEqualTo(Client.pixels(picture));
    }
}
