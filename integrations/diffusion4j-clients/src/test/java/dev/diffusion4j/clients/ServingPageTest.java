// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.clients;

import static org.assertj.core.api.Assertions.assertThat;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.models.images.ImageCreateVariationParams;
import com.openai.models.images.ImageEditParams;
import com.openai.models.images.ImageGenStreamEvent;
import com.openai.models.images.ImageGenerateParams;
import com.openai.models.images.ImagesResponse;
import dev.diffusion4j.serve.DiffusionServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The examples in Java of {@code docs/serving.md} stand here, and run. */
@Timeout(120)
class ServingPageTest {
    private static final Pattern FENCE = Pattern.compile("(?s)```\n(.*?)```");

    @TempDir
    Path folder;

    /** As the page has it, but for the address, the model, the size and the folder. */
    private void run(String address) throws IOException {
        List<String> pictures = new ArrayList<>();
        OpenAIClient client = OpenAIOkHttpClient.builder()
                .baseUrl(address)
                .apiKey("none needed")
                .build();
        ImageGenerateParams cat = ImageGenerateParams.builder()
                .model("tiny")
                .prompt("a red cat")
                .size("32x32")
                .putAdditionalBodyProperty("seed", JsonValue.from(7))
                .putAdditionalBodyProperty("steps", JsonValue.from(20))
                .build();
        ImagesResponse answer = client.images().generate(cat);
        byte[] png =
                Base64.getDecoder().decode(answer.data().get().get(0).b64Json().get());
        Files.write(folder.resolve("cat.png"), png);
        Files.write(folder.resolve("mask.png"), png);
        ImageGenerateParams dog = ImageGenerateParams.builder()
                .prompt("a blue dog")
                .partialImages(2)
                .build();
        try (StreamResponse<ImageGenStreamEvent> events = client.images().generateStreaming(dog)) {
            events.stream()
                    .forEach(event -> event.generationCompleted().ifPresent(done -> pictures.add(done.b64Json())));
        }
        ImagesResponse edited = client.images()
                .edit(ImageEditParams.builder()
                        .image(folder.resolve("cat.png"))
                        .mask(folder.resolve("mask.png"))
                        .prompt("a blue dog")
                        .putAdditionalBodyProperty("strength", JsonValue.from(0.7))
                        .build());
        ImagesResponse varied = client.images()
                .createVariation(ImageCreateVariationParams.builder()
                        .image(folder.resolve("cat.png"))
                        .n(2)
                        .build());
        client.close();
        assertThat(Served.pixels(png)).isEqualTo(Served.drawn(7, 20, r -> {}));
        assertThat(pictures).hasSize(1);
        assertThat(edited.data().orElseThrow()).hasSize(1);
        assertThat(varied.data().orElseThrow()).hasSize(2);
    }

    @Test
    void its_examples_in_java_run() throws IOException {
        try (DiffusionServer server = Served.start()) {
            run(Served.address(server));
            server.stop(Duration.ZERO);
        }
    }

    @Test
    void they_are_those_of_the_page() throws IOException {
        String here = plain(Files.readString(Path.of("src/test/java/dev/diffusion4j/clients/ServingPageTest.java")));
        int count = 0;
        Matcher fence = FENCE.matcher(Files.readString(Path.of("../../docs/serving.md")));
        while (fence.find()) {
            String example = fence.group(1);
            if (example.contains(".builder()")) {
                count++;
                assertThat(here)
                        .contains(plain(example.replace("\"http://127.0.0.1:7860/v1\"", "address")
                                .replace("\"sd15\"", "\"tiny\"")
                                .replace("\"512x512\"", "\"32x32\"")
                                .replace("Path.of(", "folder.resolve(")));
            }
        }
        assertThat(count).isEqualTo(3);
    }

    /** However lines are broken. */
    private static String plain(String code) {
        return code.replaceAll("\\s+", "");
    }
}
