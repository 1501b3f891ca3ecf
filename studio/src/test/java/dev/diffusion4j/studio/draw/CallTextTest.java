// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.draw;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The settings of the page as a call of the command, and as Java. */
class CallTextTest {
    private static CallText of(Map<String, Object> settings) {
        return new CallText(
                new LinkedHashMap<>(settings), name -> Optional.of(Path.of("/models", name)), Path.of("/clip"));
    }

    @Test
    void the_command_has_what_was_set_and_nothing_else() {
        CallText text = of(Map.of(
                "model",
                "cats",
                "prompt",
                "a red cat",
                "seed",
                7L,
                "steps",
                20L,
                "width",
                64L,
                "height",
                32L,
                "count",
                1L,
                "guides",
                List.of("color=#ff0000:40"),
                "loras",
                List.of(Map.of("name", "zog", "scale", 0.8))));
        assertThat(text.command())
                .isEqualTo("diffuse sample --model /models/cats --prompt 'a red cat' --seed 7 --steps 20 --size 64x32"
                        + " --guide color=#ff0000:40 --lora /models/zog:0.8 --out drawn");
        assertThat(text.java())
                .contains(
                        "DiffusionPipeline.load(Path.of(\"/models/cats\"))",
                        ".prompt(\"a red cat\")",
                        ".seed(7L)",
                        "new SampleSize(32, 64)",
                        "new LoraChoice(Path.of(\"/models/zog\"), 0.8)",
                        "kit.parseAll(List.of(\"color=#ff0000:40\"))");
    }

    @Test
    void what_is_steered_by_a_text_says_which_clip_looks() {
        CallText text = of(Map.of("model", "cats", "guides", List.of("clip=a red rose:8")));
        assertThat(text.command())
                .isEqualTo(
                        "diffuse sample --model /models/cats --guide 'clip=a red rose:8' --clip-model /clip --out drawn");
        assertThat(text.java())
                .contains("new GuideKit(new Clip.Origin(Path.of(\"/clip\"), null), System.err::println)");
    }

    @Test
    void what_the_page_has_no_field_for_is_said_too() {
        Map<String, Object> beside = Map.of(
                "rng", "cuda", "clip_skip", 1L, "eta", 0.5, "scheduler_config", Map.of("use_karras_sigmas", true));
        CallText text = of(
                Map.of("model", "cats", "prompt", "a cat", "syntax", "a1111", "scheduler", "ddim", "beside", beside));
        assertThat(text.command())
                .isEqualTo("diffuse sample --model /models/cats --prompt 'a cat' --prompt-syntax a1111 --scheduler ddim"
                        + " --scheduler-option use_karras_sigmas=true --rng cuda --clip-skip 1 --eta 0.5 --out drawn");
        assertThat(text.java())
                .contains(
                        ".promptSyntax(PromptSyntax.A1111)",
                        ".rng(NoiseGenerator.parse(\"cuda\"))",
                        ".clipSkip(1)",
                        ".eta(0.5)",
                        ".withScheduler(SchedulerKind.DDIM, Map.ofEntries(Map.entry(\"use_karras_sigmas\", true)))");
    }

    @Test
    void a_picture_between_two_seeds_has_its_place_on_the_way() {
        CallText text = of(Map.of("model", "cats", "seed", 7L, "toward", Map.of("seed", 9L, "from", 0.25, "to", 0.25)));
        assertThat(text.java()).contains(".seed(7L)", ".toward(new Toward(9L, 0.25, 0.25))");
        assertThat(text.command()).startsWith("# ");
    }

    /** Whoever copies it must not run what a picture's note says. */
    @Test
    void a_prompt_is_one_word_of_the_shell_and_one_text_of_java() {
        CallText text = of(Map.of("model", "cats", "prompt", "it's $(rm -rf ~) `x` \"y\"\n;"));
        assertThat(text.command()).contains("--prompt 'it'\\''s $(rm -rf ~) `x` \"y\"\n;' --out");
        assertThat(text.java()).contains(".prompt(\"it's $(rm -rf ~) `x` \\\"y\\\"\\n;\")");
    }
}
