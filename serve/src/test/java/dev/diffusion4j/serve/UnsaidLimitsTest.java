// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.image.PngFile;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
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

/** What a request leaves to the model is within the limits of the server, and nothing is refused that would not be drawn. */
@Timeout(60)
class UnsaidLimitsTest {
    private static final String JOBS = "/api/v1/jobs";

    private static DiffusionServer server;
    private static Client client;
    /** Of more pixels than may be drawn. */
    private static byte[] large;

    @BeforeAll
    static void start() {
        server = Tiny.server(c -> c.limits = Limits.DEFAULT.with(l -> {
            l.pixels = 32 * 32;
            l.steps = 3;
        }));
        client = Client.of(server);
        BufferedImage image = new BufferedImage(60, 60, BufferedImage.TYPE_INT_RGB);
        Graphics2D white = image.createGraphics();
        white.setColor(Color.WHITE);
        white.fillRect(0, 0, 30, 60);
        white.dispose();
        large = PictureForm.PNG.bytes(image, Map.of());
    }

    @AfterAll
    static void stop() {
        server.stop(Duration.ZERO);
    }

    private static String text(HttpResponse<byte[]> response) {
        return new String(response.body(), StandardCharsets.UTF_8);
    }

    /** Of one that is done. */
    private static byte[] jobPicture(String body) {
        HttpResponse<byte[]> taken = client.post(JOBS, body);
        assertThat(taken.statusCode()).as(text(taken)).isEqualTo(202);
        String job = JOBS + "/" + Client.json(taken).get("id");
        assertThat(text(client.get(job + "/events"))).contains("event: done");
        return client.get(job + "/pictures/0").body();
    }

    private static byte[] first(HttpResponse<byte[]> webui) {
        assertThat(webui.statusCode()).as(text(webui)).isEqualTo(200);
        List<?> images = (List<?>) Client.json(webui).get("images");
        return Base64.getDecoder().decode(String.valueOf(images.get(0)));
    }

    @Test
    void where_no_steps_are_asked_for_no_more_are_taken_than_may_be_asked_for() throws IOException {
        String job = "{\"request\":{\"subject\":{\"prompts\":[\"a\"]}}";
        List<byte[]> files = List.of(
                Client.file(Client.picture(client.post(Tiny.GENERATIONS, "{\"prompt\":\"a\"}"), 0)),
                first(client.post("/sdapi/v1/txt2img", "{\"prompt\":\"a\",\"sampler_name\":\"Euler a\"}")),
                jobPicture(job + "}"),
                jobPicture(job + ",\"scheduler\":\"ddpm\"}"));
        for (byte[] file : files) {
            assertThat(PngFile.readNotes(new ByteArrayInputStream(file), "the answer")
                            .get("parameters"))
                    .contains("Steps: 3,");
        }
    }

    /** With a mask a picture has the size that the model was made for, 16 x 16 here. */
    @Test
    void a_picture_with_a_mask_may_be_larger_than_what_is_drawn() {
        String sent = Base64.getEncoder().encodeToString(large);
        String webui = "{\"prompt\":\"a\",\"steps\":2,\"init_images\":[\"" + sent + "\"]";
        String job =
                "{\"request\":{\"subject\":{\"prompts\":[\"a\"]},\"sampling\":{\"steps\":2},\"inputs\":{\"picture\":\""
                        + sent + "\"";
        String mask = ",\"mask\":\"" + sent + "\"";
        Map<String, String> texts = Map.of("prompt", "a", "steps", "2");
        Map<String, byte[]> both = Map.of("image", large, "mask", large);
        for (byte[] file : List.of(
                Client.file(Client.picture(client.form("/v1/images/edits", both, texts), 0)),
                first(client.post("/sdapi/v1/img2img", webui + mask + "}")),
                jobPicture(job + mask + "}}}"))) {
            assertThat(Client.pixels(file)).hasSize(16 * 16);
        }
        for (HttpResponse<byte[]> refused : List.of(
                client.form("/v1/images/edits", Map.of("image", large), texts),
                client.post("/sdapi/v1/img2img", webui + "}"),
                client.post("/sdapi/v1/img2img", webui + mask + ",\"inpaint_full_res\":true}"),
                client.post(JOBS, job + "}}}"),
                client.post(JOBS, job + mask + ",\"mask_padding\":4}}}"))) {
            assertThat(refused.statusCode()).as(text(refused)).isEqualTo(422);
            assertThat(Client.error(refused)).containsEntry("param", "size");
        }
    }
}
