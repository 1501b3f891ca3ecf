// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import dev.diffusion4j.base.Problem;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers that make no sense: each ends in one line, and none is asked for without end. */
final class HubAnswersTest {
    private static final HubRepo REPO = HubRepo.model("ada/digits");
    private static final byte[] SMALL = "{\"a\": 1}".getBytes(StandardCharsets.UTF_8);
    private static final byte[] LARGE = new byte[3_000_000];

    static {
        new Random(5).nextBytes(LARGE);
    }

    @TempDir
    Path home;

    private HubServer server;

    @BeforeEach
    void serve() throws IOException {
        server = new HubServer();
    }

    @AfterEach
    void end() {
        server.close();
    }

    private HubClient client(String... more) {
        Map<String, String> environment = new HashMap<>(Map.of("HF_ENDPOINT", server.endpoint()));
        for (int i = 0; i < more.length; i += 2) {
            environment.put(more[i], more[i + 1]);
        }
        return new HubClient(HubSettings.of(environment, home), HubProgress.SILENT, Duration.ofMillis(5));
    }

    /** What a storage, or what lies before it, can give instead of a file, each time that it is asked. */
    enum Never implements HubServer.Trouble {
        A_PAGE("the answer has 29 bytes instead of 3000000") {
            @Override
            public boolean answer(HttpExchange exchange, byte[] content) throws IOException {
                return whole(exchange, "<html>blocked by proxy</html>".getBytes(StandardCharsets.UTF_8));
            }
        },
        A_PAGE_WITHOUT_LENGTH("the connection was closed after") {
            @Override
            public boolean answer(HttpExchange exchange, byte[] content) throws IOException {
                exchange.sendResponseHeaders(200, 0);
                exchange.getResponseBody().write("<html>blocked</html>".getBytes(StandardCharsets.UTF_8));
                return true;
            }
        },
        HALF_OF_IT_FROM_THE_START("the connection was closed after 1500000 of 3000000 bytes") {
            @Override
            public boolean answer(HttpExchange exchange, byte[] content) throws IOException {
                exchange.sendResponseHeaders(200, 0);
                exchange.getResponseBody().write(content, 0, content.length / 2);
                return true;
            }
        },
        NOTHING("the connection was closed after 0 of 3000000 bytes") {
            @Override
            public boolean answer(HttpExchange exchange, byte[] content) throws IOException {
                exchange.sendResponseHeaders(200, 0);
                return true;
            }
        },
        GZIP("it comes compressed (gzip)") {
            @Override
            public boolean answer(HttpExchange exchange, byte[] content) throws IOException {
                exchange.getResponseHeaders().add("Content-Encoding", "gzip");
                return whole(exchange, new byte[1000]);
            }
        },
        A_BYTE_LESS("the answer has 2999999 bytes instead of 3000000") {
            @Override
            public boolean answer(HttpExchange exchange, byte[] content) throws IOException {
                return whole(exchange, Arrays.copyOf(content, content.length - 1));
            }
        },
        ANOTHER_PART("was asked for, but the answer is 'bytes 0-2999999/3000000'") {
            @Override
            public boolean answer(HttpExchange exchange, byte[] content) throws IOException {
                if (exchange.getRequestHeaders().getFirst("Range") == null) {
                    return HALF_OF_IT_FROM_THE_START.answer(exchange, content);
                }
                exchange.getResponseHeaders().add("Content-Range", "bytes 0-2999999/3000000");
                exchange.sendResponseHeaders(206, content.length);
                exchange.getResponseBody().write(content);
                return true;
            }
        };

        final String message;

        Never(String message) {
            this.message = message;
        }

        private static boolean whole(HttpExchange exchange, byte[] bytes) throws IOException {
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
            return true;
        }
    }

    @ParameterizedTest
    @EnumSource
    void a_storage_that_never_gives_the_file_is_left_after_a_few_tries(Never what) throws IOException {
        server.commit(REPO, Map.of("w.safetensors", LARGE));
        server.trouble(HubServer.sha256(LARGE), what);
        assertThatThrownBy(() -> client().file(REPO, "w.safetensors"))
                .isInstanceOf(Problem.class)
                .hasMessageContaining(what.message);
        assertThat(server.requests())
                .filteredOn(request -> request.host().equals("storage"))
                .hasSizeBetween(2, 5);
    }

    @Test
    void a_list_of_files_that_never_ends_is_left() {
        server.commit(REPO, Map.of("a.txt", SMALL));
        String address = server.endpoint() + "/api/models/ada/digits/tree/main?recursive=true";
        server.trouble("/tree/main", (exchange, content) -> {
            exchange.getResponseHeaders().add("Link", "<" + address + ">; rel=\"next\"");
            return false;
        });
        assertThatThrownBy(() -> client().list(REPO))
                .isInstanceOf(Problem.class)
                .hasMessageContaining("a list that never ends: page 2 is " + address);
        assertThat(server.requests()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"file:///nowhere", "jar:file:/a.jar!/b", "mailto:ada@example.org", "http://a b", "//"})
    void a_next_page_that_is_no_address_of_the_web_is_named(String next) {
        server.commit(REPO, Map.of("a.txt", SMALL));
        server.trouble("/tree/main", (exchange, content) -> {
            exchange.getResponseHeaders().add("Link", "<" + next + ">; rel=\"next\"");
            return false;
        });
        assertThatThrownBy(() -> client().list(REPO))
                .isInstanceOfSatisfying(
                        Problem.class, error -> assertThat(error.kind()).isEqualTo(Problem.Kind.FAILURE))
                .hasMessageContaining("a next page that leads to '" + next + "'");
    }

    @Test
    void an_address_may_not_lead_from_https_to_http() {
        URI secure = URI.create("https://hub.example/api");
        assertThatThrownBy(() -> HubHttp.resolve(secure, "http://hub.example/next", "a next page that leads"))
                .isInstanceOf(IOException.class)
                .hasMessage("a next page that leads from https to http://hub.example, which is not encrypted");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-5",
                "99999999999999999999999999",
                "Wed, 21 Oct 2015 07:28:00 GMT",
                "soon",
                "-9223372036854775808"
            })
    void a_pause_that_cannot_be_is_not_kept(String retryAfter) {
        server.commit(REPO, Map.of("a.txt", SMALL));
        AtomicInteger asked = new AtomicInteger();
        server.trouble("/a.txt", (exchange, content) -> {
            boolean isFirst = asked.getAndIncrement() == 0;
            if (isFirst) {
                exchange.getResponseHeaders().add("Retry-After", retryAfter);
                HubServer.error(exchange, 429, "", "later");
            }
            return isFirst;
        });
        assertThat(HubHttp.asked(retryAfter, Duration.ofMillis(5))).isBetween(Duration.ZERO, Duration.ofSeconds(60));
        if (!retryAfter.startsWith("9")) {
            assertThat(client().file(REPO, "a.txt")).hasBinaryContent(SMALL);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"3000000", "2147483647", "99999999999999999999"})
    void a_time_out_of_any_length_will_do(String seconds) {
        server.commit(REPO, Map.of("a.txt", SMALL));
        assertThat(client("HF_HUB_DOWNLOAD_TIMEOUT", seconds).file(REPO, "a.txt"))
                .hasBinaryContent(SMALL);
    }
}
