// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.json.Json;
import dev.diffusion4j.service.ServiceConfig;
import dev.diffusion4j.service.ServiceModel;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The description of the routes says what there is, and so does the page for people. */
@Timeout(20)
class DescriptionTest {
    private static final Pattern REFERENCE = Pattern.compile("\"#/components/schemas/(\\w+)\"");

    private static DiffusionServer server;
    private static Client client;
    private static Map<String, Object> paths;

    @BeforeAll
    static void start() {
        server = DiffusionServer.start(
                Map.of("plain", ServiceModel.at(Path.of("../core/src/test/resources/golden/tiny-pipeline"))),
                ServiceConfig.DEFAULT,
                ServerConfig.DEFAULT.with(c -> c.port = 0));
        client = Client.of(server);
        paths = Json.object(Client.json(client.get("/openapi.json")).get("paths"));
    }

    @AfterAll
    static void stop() {
        server.stop(Duration.ZERO);
    }

    @Test
    void every_route_that_is_described_exists() {
        assertThat(paths).hasSizeGreaterThan(12);
        paths.forEach((path, methods) -> Json.object(methods).keySet().forEach(method -> {
            HttpResponse<byte[]> response = client.send(client.to(path.replaceAll("\\{\\w+}", "x"))
                    .method(method.toUpperCase(Locale.ROOT), BodyPublishers.noBody())
                    .build());
            assertThat(new String(response.body(), StandardCharsets.UTF_8))
                    .as(method + " " + path)
                    .doesNotContain("no_such_route");
            assertThat(response.statusCode()).as(method + " " + path).isNotEqualTo(500);
        }));
    }

    @Test
    void every_form_that_is_named_is_there() {
        String text = new String(client.get("/openapi.json").body(), StandardCharsets.UTF_8);
        Map<String, Object> schemas =
                Json.object(Json.object(Json.parseObject(text, "description").get("components"))
                        .get("schemas"));
        Matcher reference = REFERENCE.matcher(text);
        while (reference.find()) {
            assertThat(schemas).containsKey(reference.group(1));
        }
    }

    @Test
    void the_page_for_people_has_every_route() throws IOException {
        String page = Files.readString(Path.of("../docs/serving.md"));
        paths.keySet().forEach(path -> assertThat(page)
                .contains(path.replaceAll("/?\\{\\w+}.*", "").replaceFirst("/sdapi/v1/(?!txt|img|pro)", "")));
    }
}
