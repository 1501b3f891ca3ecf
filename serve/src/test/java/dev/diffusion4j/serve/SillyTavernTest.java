// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.text.PromptSyntax;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The requests that SillyTavern makes of "Stable Diffusion Web UI (AUTOMATIC1111)", and what it takes out of the answers: written from
 * {@code src/endpoints/stable-diffusion.js} (ping, upscalers, vaes, samplers, schedulers, models, get-model, set-model, generate) of
 * SillyTavern/SillyTavern at commit 02903fdd3ad33dc642fb328e43d0a8b3724e1a38, and for the fields of a picture from
 * {@code public/scripts/extensions/stable-diffusion/index.js} ({@code generateAutoImage}) at commit 41ac2c07b2c8a7e929d013f029f53da331974e6e, with
 * those that came later: scheduler, seed, clip skip and the modules of Forge.
 */
@Timeout(60)
class SillyTavernTest {
    /** What it sends where no password is set. */
    private static final String NOBODY = "Basic ";

    private static DiffusionServer server;
    private static Client client;

    @BeforeAll
    static void start() {
        server = Tiny.server(c -> c.aliases = Map.of("other", "tiny"));
        client = Client.of(server);
    }

    @AfterAll
    static void stop() {
        server.stop(Duration.ZERO);
    }

    private static String got(String path) {
        HttpResponse<byte[]> response = client.send(
                client.to("/sdapi/v1/" + path).header("Authorization", NOBODY).build());
        assertThat(response.statusCode()).as(path).isEqualTo(200);
        return new String(response.body(), StandardCharsets.UTF_8);
    }

    private static HttpResponse<byte[]> posted(String path, String body) {
        return client.send(client.to("/sdapi/v1/" + path)
                .header("Content-Type", "application/json")
                .header("Authorization", NOBODY)
                .POST(BodyPublishers.ofString(body))
                .build());
    }

    /** The whole request of its page is handed on, its own address and password included. */
    private static String picture(String prompt, int steps) {
        return "{\"url\": \"http://localhost:7860\", \"auth\": \"\", \"prompt\": \"" + prompt
                + "\", \"negative_prompt\": \"lowres, bad anatomy\", \"sampler_name\": \"DPM++ 2M\", \"scheduler\": \"karras\", \"steps\": "
                + steps
                + ", \"cfg_scale\": 7, \"width\": 32, \"height\": 32, \"restore_faces\": false, \"enable_hr\": false, \"hr_upscaler\": \"Latent\","
                + " \"hr_scale\": 1, \"hr_additional_modules\": [], \"denoising_strength\": 0.7, \"hr_second_pass_steps\": 0, \"seed\": 11,"
                + " \"override_settings\": {\"CLIP_stop_at_last_layers\": 1}, \"override_settings_restore_afterwards\": true, \"clip_skip\": 1,"
                + " \"save_images\": true, \"send_images\": true, \"do_not_save_grid\": false, \"do_not_save_samples\": false}";
    }

    @ParameterizedTest
    @CsvSource({
        "upscalers, name, None",
        "latent-upscale-modes, name,",
        "samplers, name, DPM++ 2M",
        "schedulers, name, karras",
        "sd-models, title, other",
        "sd-vae, model_name,"
    })
    void it_offers_what_there_is(String path, String key, String contained) {
        List<?> all = (List<?>) Json.parse(got(path), path);
        List<String> names = all.stream()
                .map(each -> String.valueOf(Json.object(each).get(key)))
                .toList();
        assertThat(names).doesNotContain("null");
        if (contained != null) {
            assertThat(names).contains(contained);
        }
    }

    @Test
    void it_pings_and_chooses_a_model_and_waits_until_that_is_there() {
        Map<String, Object> options = Json.parseObject(got("options"), "options");
        assertThat(options).containsKey("sd_model_checkpoint").doesNotContainKey("forge_preset");
        assertThat(posted("options", "{\"sd_model_checkpoint\":\"other\"}").statusCode())
                .isEqualTo(200);
        Map<String, Object> progress = Json.parseObject(got("progress"), "progress");
        assertThat(progress).containsEntry("progress", 0.0);
        assertThat(Json.object(progress.get("state"))).containsEntry("job_count", 0L);
        assertThat(Json.parseObject(got("options"), "options")).containsEntry("sd_model_checkpoint", "tiny");
    }

    @Test
    void it_draws() {
        HttpResponse<byte[]> answer = posted("txt2img", picture("a (red:1.2) cat", 3));
        assertThat(answer.statusCode()).isEqualTo(200);
        List<?> images = (List<?>) Client.json(answer).get("images");
        assertThat(Client.pixels(Base64.getDecoder().decode(String.valueOf(images.get(0)))))
                .isEqualTo(Tiny.drawn(
                        GenerationRequest.of(r -> r.prompt("a (red:1.2) cat")
                                .negativePrompt("lowres, bad anatomy")
                                .promptSyntax(PromptSyntax.A1111)
                                .guidanceScale(7)
                                .seed(11)
                                .size(new SampleSize(32, 32))),
                        "DPM++ 2M",
                        "karras",
                        3));
    }

    @Test
    void its_stop_button_interrupts_over_another_connection() throws Exception {
        CompletableFuture<HttpResponse<byte[]>> drawing =
                CompletableFuture.supplyAsync(() -> posted("txt2img", picture("a cat", 150)));
        Tiny.await(() ->
                server.service().jobs().stream().anyMatch(job -> job.progress().step() > 0));
        assertThat(posted("interrupt", "").statusCode()).isEqualTo(200);
        assertThat(drawing.get().statusCode()).isEqualTo(200);
        Tiny.await(() -> server.service().jobs().isEmpty());
    }
}
