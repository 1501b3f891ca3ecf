// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.DataSources;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.SourceOptions;
import dev.diffusion4j.data.Split;
import dev.diffusion4j.data.TestFiles;
import dev.diffusion4j.data.file.Download;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Against a server on this machine: {@code /good/} has the files, {@code /wrong/} others, {@code /cut/} breaks off. */
@Timeout(60)
class MnistFilesTest {
    @TempDir
    Path cache;

    private HttpServer server;
    private final List<String> requests = Collections.synchronizedList(new ArrayList<>());
    private final Map<String, byte[]> content = new HashMap<>();
    private final Map<String, String> hashes = new HashMap<>();

    @BeforeEach
    void serve() throws IOException {
        Path files = cache.resolve("origin");
        TestFiles.idxFolder(files);
        for (String name : List.of(MnistFiles.TRAIN_IMAGES, MnistFiles.TRAIN_LABELS)) {
            content.put(name, Files.readAllBytes(files.resolve(name)));
            hashes.put(name, Hashes.sha256(files.resolve(name)));
        }
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/", this::answer);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        String range = exchange.getRequestHeaders().getFirst("Range");
        requests.add(path + (range == null ? "" : " " + range));
        byte[] file = content.get(path.substring(path.lastIndexOf('/') + 1));
        if (file == null || path.startsWith("/none/")) {
            exchange.sendResponseHeaders(404, -1);
        } else if (path.startsWith("/silent/")) {
            sleep();
        } else if (path.startsWith("/cut/")) {
            int from = range == null ? 0 : Integer.parseInt(range.substring(6, range.length() - 1));
            exchange.sendResponseHeaders(range == null ? 200 : 206, file.length - from);
            OutputStream out = exchange.getResponseBody();
            out.write(file, from, Math.min(file.length - from, file.length / 2));
            out.flush();
        } else {
            byte[] sent = path.startsWith("/wrong/") ? new byte[file.length] : file;
            exchange.sendResponseHeaders(200, sent.length);
            exchange.getResponseBody().write(sent);
        }
        exchange.close();
    }

    private static void sleep() {
        try {
            Thread.sleep(1500);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private String address(String folder) {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/" + folder + "/";
    }

    private MnistFiles files(String... folders) {
        List<String> mirrors = Stream.of(folders).map(this::address).toList();
        return new MnistFiles("mnist", "DIFFUSION4J_TEST_URL", List.of(), mirrors, hashes);
    }

    private SourceOptions options() {
        return new SourceOptions(0, 0, cache.resolve("cache"), null);
    }

    private List<String> cached() throws IOException {
        Path folder = cache.resolve("cache/datasets/mnist");
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void files_are_fetched_once_and_then_found_in_the_cache() throws IOException {
        Dataset first = files("good").open(Split.TRAIN, options());
        assertThat(first.size()).isEqualTo(30);
        assertThat(requests).hasSize(2);
        assertThat(cached()).containsExactly(MnistFiles.TRAIN_IMAGES, MnistFiles.TRAIN_LABELS);
        server.stop(0);
        assertThat(files("good").open(Split.TRAIN, options()).fingerprint()).isEqualTo(first.fingerprint());
    }

    @Test
    void the_next_mirror_is_tried_where_one_has_no_or_wrong_files() throws IOException {
        assertThat(files("none", "wrong", "good").open(Split.TRAIN, options()).size())
                .isEqualTo(30);
        assertThat(requests)
                .startsWith(
                        "/none/" + MnistFiles.TRAIN_IMAGES,
                        "/wrong/" + MnistFiles.TRAIN_IMAGES,
                        "/good/" + MnistFiles.TRAIN_IMAGES);
        assertThat(cached()).hasSize(2);
    }

    @Test
    void a_transfer_that_breaks_off_goes_on_where_it_stopped() throws IOException {
        files("cut").open(Split.TRAIN, options());
        int half = content.get(MnistFiles.TRAIN_IMAGES).length / 2;
        assertThat(requests)
                .startsWith(
                        "/cut/" + MnistFiles.TRAIN_IMAGES, "/cut/" + MnistFiles.TRAIN_IMAGES + " bytes=" + half + "-");
        assertThat(cached()).hasSize(2);
    }

    @Test
    void where_no_mirror_helps_one_line_says_what_was_tried_and_what_else_there_is() throws IOException {
        assertThatThrownBy(() -> files("none", "wrong").open(Split.TRAIN, options()))
                .isInstanceOfSatisfying(Problem.class, e -> assertThat(e.kind()).isEqualTo(Problem.Kind.FAILURE))
                .hasMessageContainingAll(
                        MnistFiles.TRAIN_IMAGES,
                        MnistFiles.TRAIN_LABELS,
                        address("none") + ": status 404",
                        address("wrong") + ": its content is wrong",
                        "use data idx:FOLDER",
                        "data digits")
                .hasMessageNotContaining("\n");
        assertThat(cached()).isEmpty();
    }

    @Test
    void a_server_that_is_not_there_or_says_nothing_is_given_up() throws Exception {
        Path folder = cache.resolve("x");
        Download download = new Download(java.time.Duration.ofMillis(400));
        List<java.net.URI> silent = List.of(java.net.URI.create(address("silent")));
        assertThatThrownBy(() -> download.fetch(silent, MnistFiles.TRAIN_IMAGES, "", folder))
                .isInstanceOf(Download.Failed.class)
                .hasMessageContaining("no answer");
        List<java.net.URI> nowhere = List.of(java.net.URI.create("http://127.0.0.1:1/"));
        assertThatThrownBy(() -> download.fetch(nowhere, MnistFiles.TRAIN_IMAGES, "", folder))
                .hasMessage("http://127.0.0.1:1/: no connection");
    }

    @Test
    void another_address_can_be_given_and_is_checked() {
        SourceOptions elsewhere = new SourceOptions(0, 0, cache.resolve("cache"), address("good"));
        assertThat(files("none").open(Split.TRAIN, elsewhere).size()).isEqualTo(30);
        SourceOptions wrong = new SourceOptions(0, 0, cache.resolve("other"), "not an address");
        assertThatThrownBy(() -> DataSources.open("mnist", wrong))
                .isInstanceOfSatisfying(Problem.class, e -> assertThat(e.kind()).isEqualTo(Problem.Kind.REQUEST))
                .hasMessageContaining("DIFFUSION4J_MNIST_URL");
        SourceOptions small = new SourceOptions(0, 0, cache.resolve("third"), address("good"));
        assertThatThrownBy(() -> DataSources.open("fashion_mnist", small)).hasMessageContaining("its content is wrong");
    }
}
