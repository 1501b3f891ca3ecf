// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.clients;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.serve.DiffusionServer;
import dev.langchain4j.data.image.Image;
import dev.langchain4j.model.image.ImageModel;
import dev.langchain4j.model.openai.OpenAiImageModel;
import java.time.Duration;
import java.util.Base64;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** LangChain4j's own client of OpenAI's interface. It cannot ask for a seed, so the one of the picture's note is drawn again. */
@Timeout(120)
class LangChain4jTest {
    private static DiffusionServer server;
    private static ImageModel model;

    @BeforeAll
    static void start() {
        server = Served.start();
        model = OpenAiImageModel.builder()
                .baseUrl(Served.address(server))
                .apiKey("none needed")
                .modelName("gpt-image-1")
                .size("32x32")
                .outputFormat("png")
                .maxRetries(0)
                .build();
    }

    @AfterAll
    static void stop() {
        server.stop(Duration.ZERO);
    }

    @Test
    void it_generates_the_picture_of_the_pipeline() {
        byte[] picture = Served.file(model.generate(Served.PROMPT).content().base64Data());
        assertThat(Served.pixels(picture)).isEqualTo(Served.drawn(Served.seed(picture), null, r -> {}));
    }

    @Test
    void it_edits_a_picture() {
        Image start = model.generate(Served.PROMPT).content();
        Image sent = Image.builder()
                .base64Data(start.base64Data())
                .mimeType("image/png")
                .build();
        byte[] edited = Base64.getDecoder()
                .decode(model.edit(sent, "a blue dog").content().base64Data());
        assertThat(Served.pixels(edited)).hasSize(Served.SIDE * Served.SIDE);
    }
}
