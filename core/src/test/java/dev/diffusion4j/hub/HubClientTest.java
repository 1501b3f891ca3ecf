// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against a server that speaks the Hub's protocol and has its troubles. */
final class HubClientTest {
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
        Map<String, String> environment =
                new HashMap<>(Map.of("HF_ENDPOINT", server.endpoint(), "HF_HUB_DOWNLOAD_TIMEOUT", "1"));
        for (int i = 0; i < more.length; i += 2) {
            environment.put(more[i], more[i + 1]);
        }
        return new HubClient(HubSettings.of(environment, home), HubProgress.SILENT, Duration.ofMillis(5));
    }

    private Path cache() {
        return home.resolve(".cache/huggingface/hub/models--ada--digits");
    }

    private List<String> blobs() throws IOException {
        try (Stream<Path> files = Files.list(cache().resolve("blobs"))) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void a_snapshot_lies_where_the_python_client_looks_for_it() throws IOException {
        String commit = server.commit(
                REPO,
                Map.of(
                        "model_index.json",
                        SMALL,
                        "unet/w.safetensors",
                        LARGE,
                        "unet/config.json",
                        SMALL,
                        "a.bin",
                        LARGE,
                        "b.txt",
                        SMALL));
        Path folder = client().snapshot(REPO, path -> !path.endsWith(".bin"));
        assertThat(folder).isEqualTo(cache().resolve("snapshots").resolve(commit));
        assertThat(folder.resolve("unet/w.safetensors")).isSymbolicLink().hasBinaryContent(LARGE);
        assertThat(Files.readSymbolicLink(folder.resolve("unet/w.safetensors")).toString())
                .isEqualTo("../../../blobs/" + HubServer.sha256(LARGE));
        assertThat(folder.resolve("model_index.json")).hasBinaryContent(SMALL);
        assertThat(folder.resolve("a.bin")).doesNotExist();
        assertThat(cache().resolve("refs/main")).hasContent(commit);
        assertThat(blobs()).containsExactlyInAnyOrder(HubServer.gitSha1(SMALL), HubServer.sha256(LARGE));

        server.forgetRequests();
        client().snapshot(REPO.at(commit), path -> path.startsWith("unet/"));
        assertThat(server.requests())
                .allMatch(request -> request.path().startsWith("/api/")); // nothing is fetched twice
        server.close();
        assertThat(client("HF_HUB_OFFLINE", "1").snapshot(REPO, path -> !path.endsWith(".bin")))
                .isEqualTo(folder);
        assertThat(client().file(REPO, "b.txt")).hasBinaryContent(SMALL); // no network, but it is here
    }

    @Test
    void without_a_network_what_was_fetched_before_is_used() throws IOException {
        server.commit(REPO, Map.of("a.txt", SMALL, "b/w.safetensors", LARGE));
        Path folder = client().snapshot(REPO, path -> true);
        server.close();
        assertThat(client().snapshot(REPO, path -> true)).isEqualTo(folder);
        assertThat(client().snapshot(REPO.at(folder.getFileName().toString()), path -> true))
                .isEqualTo(folder);
        Files.delete(folder.resolve("a.txt"));
        assertThatThrownBy(() -> client().snapshot(REPO, path -> true))
                .isInstanceOf(Problem.class)
                .hasMessageContaining("cannot get a.txt of ada/digits@")
                .hasMessageContaining("(no connection): check the network");
    }

    @Test
    void what_the_python_client_fetched_is_used_without_a_network_too() throws IOException {
        server.commit(REPO, Map.of("a.txt", SMALL, "b/w.safetensors", LARGE));
        Path folder = client().snapshot(REPO, path -> path.endsWith(".txt"));
        try (Stream<Path> lists = Files.list(cache().resolve(".diffusion4j"))) {
            for (Path list : lists.toList()) {
                Files.delete(list); // which that client does not have
            }
        }
        server.close();
        for (String offline : List.of("0", "1")) {
            HubContents there = client("HF_HUB_OFFLINE", offline).contents(REPO);
            assertThat(there.isWhole()).isFalse();
            assertThat(there.names()).containsExactly("a.txt");
            assertThat(client("HF_HUB_OFFLINE", offline).fetch(there, path -> true))
                    .isEqualTo(folder);
        }
    }

    @Test
    void offline_half_a_repository_is_not_taken_for_a_whole_one() {
        server.commit(REPO, Map.of("a.txt", SMALL, "b/w.safetensors", LARGE));
        Path folder = client().snapshot(REPO, path -> path.endsWith(".txt"));
        server.forgetRequests();
        HubClient offline = client("HF_HUB_OFFLINE", "1");
        assertThat(offline.snapshot(REPO, path -> path.endsWith(".txt"))).isEqualTo(folder);
        assertThat(offline.contents(REPO).names()).containsExactlyInAnyOrder("a.txt", "b/w.safetensors");
        assertThatThrownBy(() -> offline.snapshot(REPO, path -> true))
                .isInstanceOf(Problem.class)
                .hasMessageStartingWith("HF_HUB_OFFLINE is set, and b/w.safetensors of ada/digits is not in ")
                .hasMessageEndingWith("fetch it once without HF_HUB_OFFLINE");
        assertThat(server.requests()).isEmpty();
    }

    @Test
    void a_new_commit_is_seen() throws IOException {
        server.commit(REPO, Map.of("a.txt", SMALL));
        Path first = client().file(REPO, "a.txt");
        server.commit(REPO, Map.of("a.txt", "new".getBytes(StandardCharsets.UTF_8)));
        assertThat(client().file(REPO, "a.txt")).hasContent("new");
        assertThat(first).hasBinaryContent(SMALL);
    }

    @Test
    void the_token_goes_to_the_hub_and_not_to_its_storage() {
        server.commit(REPO, Map.of("w.safetensors", LARGE));
        server.hide(REPO);
        client("HF_TOKEN", "hf_right").snapshot(REPO, path -> true);
        assertThat(server.requests()).isNotEmpty().allSatisfy(request -> assertThat(request.token())
                .isEqualTo(request.host().equals("hub") ? "Bearer hf_right" : "null"));
        assertThat(client("HF_TOKEN", "hf_right").whoAmI()).contains("ada");
    }

    @Test
    void offline_nobody_is_asked_for_anything() {
        server.commit(REPO, Map.of("a.txt", SMALL));
        HubClient offline = client("HF_HUB_OFFLINE", "1", "HF_TOKEN", "hf_right");
        List<ThrowingCallable> questions =
                List.of(offline::whoAmI, () -> offline.list(REPO), () -> offline.commit(REPO));
        for (ThrowingCallable question : questions) {
            assertThatThrownBy(question)
                    .isInstanceOf(Problem.class)
                    .hasMessage("HF_HUB_OFFLINE is set, so the Hub is not asked: unset it for what needs an answer");
        }
        assertThat(server.requests()).isEmpty();
    }

    @Test
    void a_broken_connection_is_taken_up_where_it_broke() throws IOException {
        server.commit(REPO, Map.of("w.safetensors", LARGE));
        AtomicInteger breaks = new AtomicInteger();
        server.trouble(HubServer.sha256(LARGE), (exchange, content) -> {
            int n = breaks.getAndIncrement();
            if (n >= 4) {
                return false;
            }
            String range = exchange.getRequestHeaders().getFirst("Range");
            int from = range == null ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
            exchange.sendResponseHeaders(range == null ? 200 : 206, content.length - from);
            exchange.getResponseBody().write(content, from, 500_000);
            exchange.getResponseBody().flush();
            exchange.close();
            return true;
        });
        assertThat(client().file(REPO, "w.safetensors")).hasBinaryContent(LARGE);
        assertThat(server.requests().stream()
                        .filter(request -> request.host().equals("storage"))
                        .map(HubServer.Request::range))
                .containsExactly("null", "bytes=500000-", "bytes=1000000-", "bytes=1500000-", "bytes=2000000-");
    }

    @Test
    void a_silent_server_is_left_after_a_while_and_what_came_is_kept() throws IOException {
        server.commit(REPO, Map.of("w.safetensors", LARGE));
        server.trouble(HubServer.sha256(LARGE), (exchange, content) -> {
            String range = exchange.getRequestHeaders().getFirst("Range");
            if (range != null) {
                exchange.sendResponseHeaders(500, -1);
                return true;
            }
            exchange.sendResponseHeaders(200, content.length);
            exchange.getResponseBody().write(content, 0, 1_000_000);
            exchange.getResponseBody().flush();
            sleep(1500);
            return true;
        });
        assertThatThrownBy(() -> client().file(REPO, "w.safetensors"))
                .isInstanceOf(Problem.class)
                .hasMessageContaining("cannot get w.safetensors of ada/digits from 127.0.0.1 (status 500)");
        assertThat(blobs()).containsExactly(HubServer.sha256(LARGE) + ".diffusion4j.incomplete");
        server.noTrouble();
        server.forgetRequests();
        assertThat(client().file(REPO, "w.safetensors")).hasBinaryContent(LARGE);
        assertThat(server.requests()).anyMatch(request -> request.range().equals("bytes=1000000-"));
        assertThat(blobs()).containsExactly(HubServer.sha256(LARGE));
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void a_wrong_file_is_fetched_again_once_and_never_kept(int wrong) throws IOException {
        server.commit(REPO, Map.of("w.safetensors", LARGE));
        AtomicInteger asked = new AtomicInteger();
        server.trouble(HubServer.sha256(LARGE), (exchange, content) -> {
            if (asked.getAndIncrement() >= wrong) {
                return false;
            }
            byte[] other = content.clone();
            other[1234]++;
            exchange.sendResponseHeaders(200, other.length);
            exchange.getResponseBody().write(other);
            return true;
        });
        if (wrong == 1) {
            assertThat(client().file(REPO, "w.safetensors")).hasBinaryContent(LARGE);
        } else {
            assertThatThrownBy(() -> client().file(REPO, "w.safetensors"))
                    .isInstanceOf(Problem.class)
                    .hasMessageContaining("its content is wrong (the checksum differs)");
            assertThat(blobs()).isEmpty();
        }
    }

    @Test
    void a_file_that_is_longer_than_was_said_is_refused() throws IOException {
        server.commit(REPO, Map.of("w.safetensors", LARGE));
        server.trouble(HubServer.sha256(LARGE), (exchange, content) -> {
            exchange.sendResponseHeaders(200, 0); // chunked, without an end in sight
            for (int i = 0; i < 10; i++) {
                exchange.getResponseBody().write(content);
            }
            return true;
        });
        assertThatThrownBy(() -> client().file(REPO, "w.safetensors"))
                .hasMessageContaining("it is longer than the 3000000 bytes that the Hub named");
        assertThat(blobs()).isEmpty();
    }

    @Test
    void a_busy_hub_is_asked_again() {
        server.commit(REPO, Map.of("a.txt", SMALL));
        AtomicInteger asked = new AtomicInteger();
        server.trouble("/a.txt", (exchange, content) -> {
            int n = asked.getAndIncrement();
            if (n < 3) {
                exchange.getResponseHeaders().add("Retry-After", "0");
                HubServer.error(exchange, n == 1 ? 503 : 429, "", "later");
            }
            return n < 3;
        });
        assertThat(client().file(REPO, "a.txt")).hasBinaryContent(SMALL);
    }

    @Test
    void what_cannot_be_is_said_in_a_line() {
        server.commit(REPO, Map.of("a.txt", SMALL));
        HubRepo gated = HubRepo.model("ada/gated");
        server.commit(gated, Map.of("a.txt", SMALL));
        server.gate(gated);
        assertThatThrownBy(() -> client().file(HubRepo.model("ada/none"), "a.txt"))
                .hasMessage(
                        "there is no model ada/none on 127.0.0.1, or it is private: check the name, or log in: diffuse hub login");
        assertThatThrownBy(() -> client("HF_TOKEN", "hf_right").snapshot(HubRepo.dataset("ada/none"), path -> true))
                .hasMessage("there is no data set ada/none on 127.0.0.1, or your token may not see it");
        assertThatThrownBy(() -> client("HF_TOKEN", "hf_wrong").whoAmI())
                .hasMessageContaining("does not know the token");
        assertThatThrownBy(() -> client().file(gated, "a.txt"))
                .hasMessage("the model ada/gated is gated: accept its conditions at " + server.endpoint()
                        + "/ada/gated, then log in: diffuse hub login");
        assertThatThrownBy(() -> client().file(REPO.at("v9"), "a.txt"))
                .hasMessage("the model ada/digits has no revision 'v9': it is a branch, a tag or a commit");
        assertThatThrownBy(() -> client().file(REPO, "b.txt")).hasMessage("the model ada/digits has no file b.txt");
        assertThatThrownBy(() -> client("HF_HUB_OFFLINE", "1").file(REPO, "b.txt"))
                .hasMessageStartingWith("HF_HUB_OFFLINE is set, and b.txt of ada/digits is not in ");
        assertThatThrownBy(() -> client("HF_ENDPOINT", "http://127.0.0.1:1").file(REPO, "a.txt"))
                .hasMessageContaining("(no connection): check the network");
        assertThatThrownBy(() -> client("HF_TOKEN", "hf secret"))
                .hasMessageStartingWith("the token in HF_TOKEN holds blanks")
                .hasMessageNotContaining("secret");
        assertThatThrownBy(() -> client("HF_ENDPOINT", "hub.example")).hasMessageContaining("is no address");
    }

    @ParameterizedTest
    @ValueSource(strings = {"../../../../evil", "/etc/evil", "a/../../../../../evil", "a\\..\\evil", "C:evil", "a//b"})
    void a_name_cannot_leave_the_folder(String name) throws IOException {
        Map<String, byte[]> files = new TreeMap<>(Map.of(name, SMALL));
        server.commit(REPO, files);
        assertThatThrownBy(() -> client().snapshot(REPO, path -> true)).isInstanceOf(Problem.class);
        try (Stream<Path> all = Files.walk(home)) {
            assertThat(all.filter(Files::isRegularFile).map(Path::getFileName).map(Path::toString))
                    .noneMatch(file -> file.contains("evil") || file.equals(HubServer.gitSha1(SMALL)));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "a/b/c", "../a", "a/..", "a b/c", "a/b--c", "-a/b", "a/b.git", "/a", "a/"})
    void what_is_no_repository_is_not_taken_for_one(String text) {
        assertThat(HubRepo.parse(HubRepo.Type.MODEL, text)).isEmpty();
    }

    @Test
    void a_repository_may_name_its_revision() {
        assertThat(HubRepo.parse(HubRepo.Type.MODEL, "google/ddpm-celebahq-256@refs/pr/3"))
                .contains(new HubRepo(HubRepo.Type.MODEL, "google/ddpm-celebahq-256", "refs/pr/3"));
        assertThatThrownBy(() -> HubRepo.parse(HubRepo.Type.MODEL, "a/b@../c")).isInstanceOf(Problem.class);
    }

    @Test
    void settings_are_read_as_the_python_client_reads_them() {
        HubSettings settings =
                HubSettings.of(Map.of("XDG_CACHE_HOME", "/x", "HF_TOKEN", "", "HF_HUB_OFFLINE", "yes"), home);
        assertThat(settings.cache()).isEqualTo(Path.of("/x/huggingface/hub"));
        assertThat(settings.tokenFile()).isEqualTo(Path.of("/x/huggingface/token"));
        assertThat(settings.token()).isNull();
        assertThat(settings.offline()).isTrue();
        assertThat(HubSettings.of(Map.of("HF_HOME", "/h", "HF_HUB_CACHE", "/c"), home)
                        .cache())
                .isEqualTo(Path.of("/c"));
        assertThat(settings.withToken(HubToken.of("hf_x", "a test")).toString()).doesNotContain("hf_x");
        assertThat(HubSettings.of(Map.of("HF_TOKEN", "hf_x"), home).toString()).doesNotContain("hf_x");
    }
}
