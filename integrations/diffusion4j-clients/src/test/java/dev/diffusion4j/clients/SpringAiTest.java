// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.clients;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.serve.DiffusionServer;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.ai.image.ImagePrompt;
import org.springframework.ai.image.ImageResponse;
import org.springframework.ai.openai.OpenAiImageModel;
import org.springframework.ai.openai.OpenAiImageOptions;

/** Spring AI's own client of OpenAI's interface. It cannot ask for a seed, so the one of the picture's note is drawn again. */
@Timeout(120)
class SpringAiTest {
    private static DiffusionServer server;

    @BeforeAll
    static void start() {
        server = Served.start();
    }

    @AfterAll
    static void stop() {
        server.stop(Duration.ZERO);
    }

    @Test
    void it_generates_the_pictures_of_the_pipeline() {
        OpenAiImageOptions options = OpenAiImageOptions.builder()
                .baseUrl(Served.address(server))
                .apiKey("none needed")
                .model("dall-e-3")
                .n(2)
                .width(Served.SIDE)
                .height(Served.SIDE)
                .responseFormat("b64_json")
                .build();
        ImageResponse answer =
                OpenAiImageModel.builder().options(options).build().call(new ImagePrompt(Served.PROMPT));
        assertThat(answer.getResults()).hasSize(2);
        byte[] first = Served.file(answer.getResults().get(0).getOutput().getB64Json());
        byte[] second = Served.file(answer.getResults().get(1).getOutput().getB64Json());
        long seed = Served.seed(first);
        assertThat(Served.pixels(first)).isEqualTo(Served.drawn(seed, null, r -> {}));
        assertThat(Served.pixels(second)).isEqualTo(Served.drawn(seed + 1, null, r -> {}));
    }
}
