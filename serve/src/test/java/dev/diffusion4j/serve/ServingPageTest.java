// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The commands of {@code docs/serving.md}, run as they stand there, against a tiny model under the name that they use. */
@Timeout(60)
class ServingPageTest {
    private static final Pattern FENCE = Pattern.compile("(?s)```\n(.*?)```");
    private static final Pattern CURL = Pattern.compile("(?m)^curl (?:[^'\n\\\\]|\\\\\n|'[^']*')+");
    private static final Pattern WORD = Pattern.compile("'([^']*)'|([^\\s'\\\\]+(?:'[^']*')?)");

    private static DiffusionServer server;
    private static Client client;
    private static String png;
    private static String page;

    @BeforeAll
    static void start() throws IOException {
        server = Tiny.server(c -> c.aliases = Map.of("sd15", "tiny"));
        client = Client.of(server);
        png = String.valueOf(
                Client.picture(client.post(Tiny.GENERATIONS, Tiny.SMALL), 0).get("b64_json"));
        page = Files.readString(Path.of("../docs/serving.md"));
    }

    @AfterAll
    static void stop() {
        server.stop(Duration.ZERO);
    }

    /** A call, as the words after {@code curl} have it. */
    private static final class Call {
        private final Map<String, byte[]> files = new HashMap<>();
        private final Map<String, String> texts = new HashMap<>();
        private String path = "";
        private String method = "GET";
        private String body = "";

        static Call of(String command) {
            List<String> words = new ArrayList<>();
            Matcher word = WORD.matcher(command.substring("curl ".length()).replaceAll("(?m)\\s+#.*$", ""));
            while (word.find()) {
                words.add(word.group(1) != null ? word.group(1) : word.group(2).replace("'", ""));
            }
            Call call = new Call();
            for (int i = 0; i < words.size(); i++) {
                switch (words.get(i)) {
                    case "-N" -> {}
                    case "-H", "-o" -> i++;
                    case "-X" -> call.method = words.get(++i);
                    case "-d" -> {
                        call.method = "POST";
                        call.body = words.get(++i);
                    }
                    case "-F" -> call.field(words.get(++i).split("=", 2));
                    default -> call.path = words.get(i).replaceFirst("http://127\\.0\\.0\\.1:7860", "");
                }
            }
            return call;
        }

        private void field(String[] pair) {
            method = "POST";
            if (pair[1].startsWith("@")) {
                files.put(pair[0], Base64.getDecoder().decode(png));
            } else {
                texts.put(pair[0], pair[1]);
            }
        }

        /**
         * @param job for the one of the page
         * @param result for the address of the page's picture
         */
        HttpResponse<byte[]> answer(String job, String result) {
            if (!files.isEmpty()) {
                return client.form(path, files, texts);
            }
            String small = body.replace("512x512", "32x32").replace("iVBORw0…", png);
            HttpRequest.Builder request = client.to(path.replace("PaXF…", job).replace("/results/Qm…png", result));
            return client.send(
                    request.method(method, small.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(small))
                            .build());
        }
    }

    @Test
    void every_command_of_the_page_is_answered() throws InterruptedException {
        int count = 0;
        String job = "";
        String url = "";
        Matcher fence = FENCE.matcher(page);
        while (fence.find()) {
            Matcher curl = CURL.matcher(fence.group(1));
            while (curl.find()) {
                count++;
                HttpResponse<byte[]> response = Call.of(curl.group()).answer(job, url);
                String text = new String(response.body(), StandardCharsets.UTF_8);
                assertThat(response.statusCode()).as(curl.group() + "\n" + text).isIn(200, 202);
                assertThat(text).as(curl.group()).doesNotContain("event: error", "event: failed");
                if (text.contains("\"url\": \"http")) {
                    url = String.valueOf(Client.picture(response, 0).get("url")).replaceFirst("http://[^/]+", "");
                }
                if (response.statusCode() == 202) {
                    job = String.valueOf(Client.json(response).get("id"));
                    Tiny.await(() -> server.service().jobs().isEmpty());
                }
            }
        }
        assertThat(count).isGreaterThan(25);
    }

    @Test
    void the_limits_of_the_page_are_those_of_the_server() {
        Limits limits = Limits.DEFAULT;
        assertThat(page)
                .contains(String.format(
                        "| %,d, %d, %d: `--max-pixels`, `--max-steps`, `--max-count` |",
                        limits.pixels(), limits.steps(), limits.count()))
                .contains("| " + limits.requests() + ": `--max-requests` |")
                .contains("| bytes of a request | " + (limits.body() >> 20) + " MiB |")
                .contains("| " + (limits.bodies() >> 20) + " MiB * | 503 |")
                .contains("have not read yet | " + (limits.answers() >> 20) + " MiB * |")
                .contains("by an address | " + (limits.kept() >> 20) + " MiB *, 1000, an hour |")
                .contains("| connections | " + limits.connections() + " |");
    }
}
