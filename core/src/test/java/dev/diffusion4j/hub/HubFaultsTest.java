// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.diffusion4j.base.Problem;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is between the Hub and a file: a disk that is full, a proxy, a server that takes its time. */
final class HubFaultsTest {
    private static final HubRepo REPO = HubRepo.model("ada/digits");
    private static final Duration PAUSE = Duration.ofMillis(5);
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
        server.commit(REPO, Map.of("w.safetensors", LARGE, "b.safetensors", new byte[2_000_000]));
    }

    @AfterEach
    void end() {
        server.close();
    }

    private HubSettings settings(String... more) {
        Map<String, String> environment = new HashMap<>(Map.of("HF_ENDPOINT", server.endpoint()));
        for (int i = 0; i < more.length; i += 2) {
            environment.put(more[i], more[i + 1]);
        }
        return HubSettings.of(environment, home);
    }

    private HubClient client(BlobDownload.Disk disk) {
        return new HubClient(settings(), HubProgress.SILENT, PAUSE, disk);
    }

    private static HubClient client(HubSettings settings) {
        return new HubClient(settings, HubProgress.SILENT, PAUSE);
    }

    private Path cache() {
        return home.resolve(".cache/huggingface/hub");
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.walk(cache().resolve(REPO.folderName()))) {
            return files.filter(file -> !Files.isDirectory(file))
                    .filter(file -> !file.getParent().endsWith(".diffusion4j")) // which files the commit has
                    .map(file -> file.getFileName().toString())
                    .sorted()
                    .toList();
        }
    }

    private static BlobDownload.Disk room(long bytes) {
        return new BlobDownload.Disk() {
            @Override
            public long usable(Path folder) {
                return bytes;
            }
        };
    }

    @Test
    void what_does_not_fit_is_not_begun() throws IOException {
        assertThatThrownBy(() -> client(room(2_500_000)).file(REPO, "w.safetensors"))
                .isInstanceOf(Problem.class)
                .hasMessage("cannot store w.safetensors of ada/digits in " + cache()
                        + ": 3 MB are needed, but only 2 MB are free; HF_HUB_CACHE names another folder");
        assertThatThrownBy(() -> client(room(4_000_000)).snapshot(REPO, path -> true)) // each alone would fit
                .isInstanceOf(Problem.class)
                .hasMessageContaining("5 MB are needed, but only 4 MB are free");
        assertThat(names()).containsExactly("main"); // the name of the commit
        assertThat(server.requests()).noneMatch(request -> request.host().equals("storage"));
        Path there = client(room(5_000_000)).snapshot(REPO, path -> true);
        assertThat(client(room(0)).snapshot(REPO, path -> true)).isEqualTo(there); // nothing is missing
    }

    @Test
    void a_disk_that_fills_up_meanwhile_is_told_at_once_and_gone_on_from() throws IOException {
        BlobDownload.Disk full = new BlobDownload.Disk() {
            @Override
            public int write(FileChannel out, ByteBuffer bytes, long at) throws IOException {
                if (at > 1_000_000) {
                    throw new IOException("No space left on device");
                }
                return out.write(bytes, at);
            }
        };
        assertThatThrownBy(() -> client(full).file(REPO, "w.safetensors"))
                .isInstanceOf(Problem.class)
                .hasMessage("cannot store w.safetensors of ada/digits in " + cache()
                        + ": No space left on device; HF_HUB_CACHE names another folder");
        assertThat(server.requests())
                .filteredOn(request -> request.host().equals("storage"))
                .hasSize(1); // asking again would not help
        assertThat(names()).containsExactly(HubServer.sha256(LARGE) + ".diffusion4j.incomplete", "main");
        assertThat(client(room(2_000_000)).file(REPO, "w.safetensors")).hasBinaryContent(LARGE); // the rest fits
        assertThat(names()).containsExactlyInAnyOrder(HubServer.sha256(LARGE), "main", "w.safetensors");
    }

    @Test
    void a_server_that_does_not_answer_is_said_to_be_slow() {
        server.trouble("/w.safetensors", (exchange, content) -> {
            try {
                Thread.sleep(3000);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return false;
        });
        assertThatThrownBy(
                        () -> client(settings("HF_HUB_DOWNLOAD_TIMEOUT", "1")).file(REPO, "w.safetensors"))
                .isInstanceOf(Problem.class)
                .hasMessageContaining("cannot get w.safetensors of ada/digits from 127.0.0.1 (no answer within 1 s)");
    }

    /** Passes requests on to our server, whatever host they name; or refuses them. */
    private final class PlainProxy implements AutoCloseable {
        private final HttpServer proxy =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        private final List<String> asked = new CopyOnWriteArrayList<>();
        private final int refusal;

        PlainProxy(int refusal) throws IOException {
            this.refusal = refusal;
            proxy.createContext("/", exchange -> {
                try (exchange) {
                    asked.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
                    if (refusal > 0) {
                        exchange.sendResponseHeaders(refusal, -1);
                    } else {
                        pass(exchange);
                    }
                }
            });
            proxy.start();
        }

        private void pass(HttpExchange exchange) throws IOException {
            URI to = URI.create(server.endpoint() + exchange.getRequestURI().getRawPath());
            HttpURLConnection connection = (HttpURLConnection) to.toURL().openConnection();
            connection.setRequestMethod(exchange.getRequestMethod());
            connection.setInstanceFollowRedirects(false);
            int status = connection.getResponseCode();
            connection.getHeaderFields().forEach((name, values) -> {
                if (name != null && !name.equalsIgnoreCase("Transfer-Encoding")) {
                    exchange.getResponseHeaders().put(name, values);
                }
            });
            boolean hasBody = status < 300 && !exchange.getRequestMethod().equals("HEAD");
            byte[] body = hasBody ? connection.getInputStream().readAllBytes() : new byte[0];
            exchange.sendResponseHeaders(status, hasBody ? body.length : -1);
            exchange.getResponseBody().write(body);
        }

        String address() {
            return "127.0.0.1:" + proxy.getAddress().getPort();
        }

        @Override
        public void close() {
            proxy.stop(0);
        }
    }

    @Test
    void a_proxy_is_gone_through_where_the_environment_names_one() throws IOException {
        try (PlainProxy proxy = new PlainProxy(0)) {
            HubSettings hub = settings("HF_ENDPOINT", "http://hub.example", "http_proxy", "http://" + proxy.address());
            assertThat(client(hub).file(REPO, "w.safetensors")).hasBinaryContent(LARGE);
            assertThat(proxy.asked)
                    .containsExactly(
                            "HEAD http://hub.example/ada/digits/resolve/main/w.safetensors",
                            "GET http://hub.example/ada/digits/resolve/main/w.safetensors"); // the storage is near
            HubSettings near = settings(
                    "HTTP_PROXY", proxy.address(), "HF_HOME", home.resolve("b").toString());
            assertThat(client(near).file(REPO, "w.safetensors")).exists(); // 127.0.0.1 needs none
            HubSettings excepted = settings(
                    "HF_ENDPOINT", "http://hub.invalid", "HTTP_PROXY", proxy.address(), "NO_PROXY", "other,.invalid");
            assertThatThrownBy(() -> client(excepted).commit(REPO))
                    .hasMessageContaining("from hub.invalid (no connection): check the network, or HTTP_PROXY");
            assertThat(proxy.asked).hasSize(2);
        }
    }

    @Test
    void a_proxy_that_refuses_is_named() throws IOException {
        try (PlainProxy proxy = new PlainProxy(407)) {
            HubSettings hub =
                    settings("HF_ENDPOINT", "http://hub.example", "HTTP_PROXY", "http://me:pw@" + proxy.address());
            assertThatThrownBy(() -> client(hub).file(REPO, "w.safetensors"))
                    .isInstanceOf(Problem.class)
                    .hasMessage("cannot get w.safetensors of ada/digits through the proxy " + proxy.address()
                            + ", which asks for a name and a password: set a proxy that does not, or NO_PROXY");
        }
        assertThatThrownBy(() -> client(settings("HF_ENDPOINT", "http://hub.example", "ALL_PROXY", "127.0.0.1:1"))
                        .file(REPO, "w.safetensors"))
                .hasMessageContaining("from hub.example through the proxy 127.0.0.1:1 (no connection)");
        assertThatThrownBy(() -> client(settings("HF_ENDPOINT", "http://hub.example", "HTTP_PROXY", "socks5://p:1"))
                        .file(REPO, "w.safetensors"))
                .hasMessage("the proxy for http addresses must be written as http://HOST:PORT, see HTTP_PROXY");
    }

    /** It is asked for a tunnel, through which all else is encrypted: the token is not for its eyes. */
    @Test
    void a_tunnel_that_is_refused_is_told_and_the_proxy_never_sees_the_token() throws Exception {
        List<String> seen = new CopyOnWriteArrayList<>();
        try (ServerSocket proxy = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread refusing = new Thread(() -> refuse(proxy, seen));
            refusing.setDaemon(true);
            refusing.start();
            String address = "127.0.0.1:" + proxy.getLocalPort();
            HubSettings hub =
                    settings("HF_ENDPOINT", "https://hub.example", "HTTPS_PROXY", address, "HF_TOKEN", "hf_right");
            assertThatThrownBy(() -> client(hub).file(REPO, "w.safetensors"))
                    .isInstanceOf(Problem.class)
                    .hasMessageContaining("from hub.example through the proxy " + address)
                    .hasMessageContaining("403 Forbidden")
                    .hasMessageContaining("or HTTPS_PROXY");
        }
        assertThat(seen).contains("CONNECT hub.example:443 HTTP/1.1").noneMatch(line -> line.contains("hf_right"));
    }

    private static void refuse(ServerSocket proxy, List<String> seen) {
        try {
            while (true) {
                try (Socket socket = proxy.accept()) {
                    BufferedReader in = new BufferedReader(
                            new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
                    for (String line = in.readLine();
                            !Objects.toString(line, "").isEmpty();
                            line = in.readLine()) {
                        seen.add(line);
                    }
                    socket.getOutputStream()
                            .write("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
                                    .getBytes(StandardCharsets.US_ASCII));
                }
            }
        } catch (IOException e) {
            // closed: the test is over
        }
    }
}
