// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.text.PromptSyntax;
import java.io.ByteArrayOutputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The requests that Open WebUI makes of an engine for pictures, in the order in which it makes them, and what it takes out of the answers: written from
 * {@code backend/open_webui/routers/images.py} of open-webui/open-webui at commit 02530d501461ce58ab06231d7c2ef2024a141ddf
 * ({@code image_generations}, {@code image_edits}, {@code get_models}, {@code set_image_model}, {@code get_image_data}).
 */
@Timeout(60)
class OpenWebUiTest {
    private static final String KEY = "open-webui:0123456789";
    private static final String BASIC =
            "Basic " + Base64.getEncoder().encodeToString(KEY.getBytes(StandardCharsets.UTF_8));

    private static DiffusionServer server;
    private static Client client;

    @BeforeAll
    static void start() {
        server = Tiny.server(c -> {
            c.keys = ApiKeys.of(List.of(KEY));
            c.aliases = Map.of("dall-e-3", "tiny");
        });
        client = Client.of(server);
    }

    @AfterAll
    static void stop() {
        server.stop(Duration.ZERO);
    }

    private static HttpResponse<byte[]> sent(HttpRequest.Builder request) {
        HttpResponse<byte[]> response = client.send(request.build());
        assertThat(response.statusCode())
                .as(new String(response.body(), StandardCharsets.UTF_8))
                .isEqualTo(200);
        return response;
    }

    private static HttpResponse<byte[]> posted(String path, String authorization, String body) {
        return sent(client.to(path)
                .header("Authorization", authorization)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body)));
    }

    private static int[] expected() {
        return Tiny.drawn(
                GenerationRequest.of(r -> r.prompt("a red cat").seed(3).size(new SampleSize(32, 32))), "ddim", null, 2);
    }

    /** Its settings may add fields ({@code IMAGES_OPENAI_API_PARAMS}) and a version ({@code IMAGES_OPENAI_API_VERSION}). */
    @ParameterizedTest
    @ValueSource(strings = {"", "?api-version=2025-04-01-preview"})
    void its_engine_openai_generates(String version) {
        HttpResponse<byte[]> answer = posted(
                "/v1/images/generations" + version,
                "Bearer " + KEY,
                "{\"model\": \"dall-e-3\", \"prompt\": \"a red cat\", \"n\": 2, \"size\": \"32x32\", \"response_format\": \"b64_json\","
                        + " \"seed\": 3, \"steps\": 2, \"sampler\": \"ddim\"}");
        assertThat(Client.pixels(Client.file(Client.picture(answer, 0)))).isEqualTo(expected());
        assertThat(Client.picture(answer, 1)).doesNotContainKey("url"); // which it would fetch instead
    }

    @Test
    void it_fetches_a_picture_by_its_address_with_the_same_headers() {
        HttpResponse<byte[]> answer = posted(
                "/v1/images/generations",
                "Bearer " + KEY,
                "{\"model\": \"dall-e-3\", \"prompt\": \"a red cat\", \"n\": 1, \"size\": \"32x32\", \"response_format\": \"url\", \"seed\": 3,"
                        + " \"steps\": 2, \"sampler\": \"ddim\"}");
        String url = String.valueOf(Client.picture(answer, 0).get("url"));
        HttpResponse<byte[]> picture =
                sent(client.to(url.substring(url.indexOf("/results"))).header("Authorization", "Bearer " + KEY));
        assertThat(picture.headers().firstValue("Content-Type").orElse("")).startsWith("image/");
        assertThat(Client.pixels(picture.body())).isEqualTo(expected());
    }

    /** A form of aiohttp: each text with a type of its own, the picture under a name that changes. */
    @ParameterizedTest
    @ValueSource(strings = {"image", "image[]"})
    void its_engine_openai_edits(String name) {
        byte[] picture = Client.file(Client.picture(
                posted(
                        "/v1/images/generations",
                        "Bearer " + KEY,
                        "{\"prompt\":\"a cat\",\"steps\":2,\"size\":\"32x32\"}"),
                0));
        ByteArrayOutputStream form = new ByteArrayOutputStream();
        Map.of("model", "", "prompt", "ein blaues Hündchen", "n", "1", "size", "32x32", "response_format", "b64_json")
                .forEach((field, value) -> form.writeBytes(("--9f0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                                + "Content-Disposition: form-data; name=\"" + field + "\"\r\n\r\n" + value + "\r\n")
                        .getBytes(StandardCharsets.UTF_8)));
        form.writeBytes(("--9f0\r\nContent-Type: image/png\r\nContent-Disposition: form-data; name=\"" + name
                        + "\"; filename=\"5b1c.png\"\r\n\r\n")
                .getBytes(StandardCharsets.UTF_8));
        form.writeBytes(picture);
        form.writeBytes("\r\n--9f0--\r\n".getBytes(StandardCharsets.UTF_8));
        HttpResponse<byte[]> answer = sent(client.to("/v1/images/edits")
                .header("Authorization", "Bearer " + KEY)
                .header("Content-Type", "multipart/form-data; boundary=9f0")
                .POST(BodyPublishers.ofByteArray(form.toByteArray())));
        assertThat(Client.pixels(Client.file(Client.picture(answer, 0)))).hasSize(32 * 32);
    }

    @Test
    void its_engine_automatic1111_lists_chooses_and_draws() {
        HttpRequest.Builder models = client.to("/sdapi/v1/sd-models").header("authorization", BASIC);
        List<?> all = (List<?>) Json.parse(new String(sent(models).body(), StandardCharsets.UTF_8), "models");
        assertThat(Json.object(all.get(1))).containsEntry("title", "dall-e-3").containsEntry("model_name", "dall-e-3");
        Map<String, Object> options =
                Client.json(sent(client.to("/sdapi/v1/options").header("authorization", BASIC)));
        assertThat(options).containsEntry("sd_model_checkpoint", "tiny");
        options.put("sd_model_checkpoint", "dall-e-3");
        posted("/sdapi/v1/options", BASIC, Json.compact(options)); // all of them, as it got them
        HttpResponse<byte[]> answer = posted(
                "/sdapi/v1/txt2img",
                BASIC,
                "{\"prompt\": \"a red cat\", \"batch_size\": 2, \"width\": 32, \"height\": 32, \"steps\": 2, \"negative_prompt\": \"a dog\","
                        + " \"seed\": 3, \"sampler_name\": \"Euler a\"}");
        assertThat(Client.json(answer)).containsKey("info");
        List<?> images = (List<?>) Client.json(answer).get("images");
        assertThat(images).hasSize(2);
        assertThat(Client.pixels(Base64.getDecoder().decode(String.valueOf(images.get(0)))))
                .isEqualTo(Tiny.drawn(
                        GenerationRequest.of(r -> r.prompt("a red cat")
                                .negativePrompt("a dog")
                                .promptSyntax(PromptSyntax.A1111)
                                .count(2)
                                .batchSize(2)
                                .seed(3)
                                .size(new SampleSize(32, 32))),
                        "Euler a",
                        null,
                        2));
    }
}
