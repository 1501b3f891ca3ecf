// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.testing.Golden;
import dev.diffusion4j.text.PromptSyntax;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FewStepsTest {
    private static final GenerationRequest MANY =
            GenerationRequest.of(r -> r.prompt("a cat").steps(50).guidanceScale(5));

    @TempDir
    Path folder;

    private Optional<String> hint(String place, GenerationRequest request) {
        return FewSteps.hint(folder, List.of(Path.of("my-model"), Path.of(place)), request);
    }

    @Test
    void a_model_that_was_distilled_is_known_by_its_id_in_any_place() throws IOException {
        String expected =
                "stabilityai/sdxl-turbo suits 1 to 4 {steps} and {guidanceScale} 1; now it is drawn with {steps} 50 and {guidanceScale} 5.0";
        assertThat(hint("stabilityai/sdxl-turbo@main", MANY)).contains(expected);
        assertThat(hint("cache/models--stabilityai--sdxl-turbo/snapshots/1a", MANY))
                .contains(expected);
        Files.writeString(folder.resolve("model_index.json"), "{\"_name_or_path\": \"stabilityai/sdxl-turbo\"}");
        assertThat(hint("here", MANY)).contains(expected);
    }

    @Test
    void one_that_is_called_as_it_was_made_for_or_is_not_known_is_not_spoken_of() {
        GenerationRequest few = MANY.with(r -> r.steps(2).guidanceScale(1));
        assertThat(hint("stabilityai/sdxl-turbo", few)).isEmpty();
        assertThat(hint("somebody/sdxl-turbo-mix", MANY)).isEmpty();
        assertThat(hint("somebody/unknown", few.with(r -> r.guidanceScale(9)))).isEmpty();
    }

    @Test
    void hyper_sd_keeps_the_guidance_only_where_its_file_is_named_cfg() throws IOException {
        GenerationRequest eight = MANY.with(r -> r.steps(8).guidanceScale(7.5));
        String plain = "ByteDance/Hyper-SD/Hyper-SDXL-8steps-lora.safetensors";
        String cfg = "ByteDance/Hyper-SD/Hyper-SDXL-8steps-CFG-lora.safetensors";
        assertThat(hint(plain, eight).orElseThrow())
                .contains("{guidanceScale} 1,", "{scheduler} tcd", "{guidanceScale} 7.5");
        assertThat(hint(plain, eight.with(r -> r.guidanceScale(1)))).isEmpty();
        assertThat(hint(cfg, eight)).isEmpty();
        assertThat(hint(cfg, MANY).orElseThrow()).contains("{guidanceScale} up to 8");

        Path file = folder.resolve(plain);
        Files.createDirectories(file.getParent());
        Files.writeString(file, "");
        GenerationRequest named = eight.with(r -> r.prompt("a cat <lora:Hyper-SDXL-8steps-lora:1>")
                .promptSyntax(PromptSyntax.A1111)
                .loraDir(folder.toString()));
        assertThat(hint("my-lora", named).orElseThrow()).startsWith("bytedance/hyper-sd suits");
    }

    @Test
    void a_network_that_takes_its_guidance_as_a_number_is_known_by_its_config() throws IOException {
        Files.createDirectories(folder.resolve("unet"));
        Files.copy(Golden.path("tiny-nets/lcm/config.json"), folder.resolve("unet/config.json"));
        assertThat(hint("here", MANY).orElseThrow()).startsWith("this network, distilled for few steps, suits 4 to 8");
    }
}
