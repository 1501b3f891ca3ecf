// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.image.ExifComment;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.pipeline.SchedulerOptions;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.testing.Golden;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The text of A1111's webui; the forms are those of its infotext_utils.py and sd_samplers_kdiffusion.py, version 1.10. */
class InfotextTest {
    /** In the documentation of parse_generation_parameters there. */
    private static final String EXAMPLE = "girl with an artist's beret, ((eyeshadow)), (coquettish), detailed\n"
            + "Negative prompt: ugly, fat, (((deformed))), [blurry], messy drawing\n"
            + "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 965400086, Size: 512x512, Model hash: 45dee52b";

    @Test
    void a_text_is_read_and_written_the_same() {
        Infotext text = Infotext.parse(EXAMPLE);
        assertThat(text.prompt()).isEqualTo("girl with an artist's beret, ((eyeshadow)), (coquettish), detailed");
        assertThat(text.negativePrompt()).isEqualTo("ugly, fat, (((deformed))), [blurry], messy drawing");
        assertThat(text.settings())
                .containsExactly(
                        Map.entry("Steps", "20"),
                        Map.entry("Sampler", "Euler a"),
                        Map.entry("CFG scale", "7"),
                        Map.entry("Seed", "965400086"),
                        Map.entry("Size", "512x512"),
                        Map.entry("Model hash", "45dee52b"));
        assertThat(text.toText()).isEqualTo(EXAMPLE);
    }

    @Test
    void values_with_commas_colons_and_line_ends_are_quoted_as_json() {
        String hairy = "a: 1, \"b\": 2\\\nc é猫";
        Infotext text = new Infotext("cat", "", Map.of("Lora hashes", hairy));
        assertThat(text.toText()).isEqualTo("cat\nLora hashes: \"a: 1, \\\"b\\\": 2\\\\\\nc é猫\"");
        String line = text.toText() + ", Steps: 3, Seed: 1";
        assertThat(Infotext.parse(line).get("Lora hashes")).isEqualTo(hairy);
    }

    @Test
    void a_last_line_with_few_settings_is_a_prompt_and_lines_behind_the_settings_are_not() {
        assertThat(Infotext.parse("a ratio: 2, cat: 1").prompt()).isEqualTo("a ratio: 2, cat: 1");
        Infotext text = Infotext.parse(EXAMPLE + "\nTemplate: girl with {a|b}");
        assertThat(text.get("Seed")).isEqualTo("965400086");
        assertThat(text.negativePrompt()).endsWith("messy drawing");
        assertThat(Infotext.parse("x".repeat(200_000) + ": \"" + "\\n".repeat(200_000))
                        .prompt())
                .hasSizeGreaterThan(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"latin", "other"})
    void the_text_is_found_in_png_jpeg_and_webp(String name) {
        String png = PngFile.readNotes(Golden.path("infotext/" + name + ".png")).get("parameters");
        assertThat(png).startsWith("a ").contains("Steps: ");
        assertThat(ExifComment.read(Golden.path("infotext/" + name + ".jpg"))).contains(png);
        assertThat(ExifComment.read(Golden.path("infotext/" + name + ".webp"))).contains(png);
    }

    @Test
    void the_text_is_found_behind_the_data_of_a_large_webp(@TempDir Path folder) throws IOException {
        Path small = Golden.path("infotext/latin.webp");
        byte[] bytes = Files.readAllBytes(small);
        int length = 50_001;
        ByteBuffer large = ByteBuffer.allocate(bytes.length + 8 + length + 1).order(ByteOrder.LITTLE_ENDIAN);
        large.put(bytes, 0, 12).put("JUNK".getBytes(StandardCharsets.US_ASCII)).putInt(length);
        large.position(large.position() + length + 1).put(bytes, 12, bytes.length - 12);
        Path file = Files.write(folder.resolve("large.webp"), large.array());
        assertThat(ExifComment.read(file)).isPresent().isEqualTo(ExifComment.read(small));
        Files.write(file, Arrays.copyOf(large.array(), 30_000));
        assertThat(ExifComment.read(file)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "DPM++ 2M Karras,,DPM_MULTISTEP,use_karras_sigmas=true",
        "DPM++ 2M,Karras,DPM_MULTISTEP,use_karras_sigmas=true",
        "DPM++ 2M,Automatic,DPM_MULTISTEP,use_karras_sigmas=true",
        "DPM++ 2M,,DPM_MULTISTEP,use_karras_sigmas=false",
        "dpmpp_2m_karras,,DPM_MULTISTEP,use_karras_sigmas=true",
        "dpmpp_2m,karras,DPM_MULTISTEP,algorithm_type=dpmsolver++",
        "DPM++ 2M SDE Exponential,,DPM_MULTISTEP,use_exponential_sigmas=true",
        "DPM++ 2M SDE Heun,,DPM_MULTISTEP,solver_type=heun",
        "Euler a,,EULER_ANCESTRAL,timestep_spacing=linspace",
        "euler_ancestral,normal,EULER_ANCESTRAL,timestep_spacing=linspace",
        "k_euler_a,,EULER_ANCESTRAL,timestep_spacing=linspace",
        "Euler,SGM Uniform,EULER,timestep_spacing=trailing",
        "Euler,Beta,EULER,use_beta_sigmas=true",
        "LMS Karras,,LMS,use_karras_sigmas=true",
        "DPM2 a Karras,,KDPM2_ANCESTRAL,use_karras_sigmas=true",
        "DDIM,,DDIM,timestep_spacing=leading",
        "PLMS,,PNDM,skip_prk_steps=true",
        "UniPC,,UNIPC,timestep_spacing=leading",
        "DPM++ SDE Karras,,DPM_SINGLESTEP,algorithm_type=sde-dpmsolver++",
        "LCM,,LCM,timestep_spacing=linspace"
    })
    void samplers_are_known_by_the_names_of_other_programs(
            String name, String type, SchedulerKind kind, String option) {
        String line = "cat\nSteps: 20, Seed: 1, Sampler: " + name + (type == null ? "" : ", Schedule type: " + type);
        SchedulerSelection selection =
                new InfotextDifferences(Infotext.parse(line), Golden.path("infotext")).scheduler(20);
        assertThat(selection.kind()).isEqualTo(kind);
        assertThat(selection.options()).contains(option);
        assertThat(List.of(20)).containsExactly(selection.steps());
    }

    @Test
    void what_is_written_names_the_same_scheduler_when_it_is_read() {
        for (InfotextSampler sampler : InfotextSampler.values()) {
            if (!sampler.isNear()) {
                SchedulerKind kind = sampler.kind();
                SchedulerOptions options = SchedulerOptions.parse(kind, sampler.options(), "options");
                assertThat(InfotextSampler.of(
                                kind, kind.create(options.config()).config()))
                        .contains(sampler);
            }
        }
    }
}
