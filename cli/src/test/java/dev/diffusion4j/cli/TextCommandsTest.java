// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.json.Json;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the commands beside plain drawing do with models that draw what a text says. */
class TextCommandsTest {
    private static final String GOLDEN = "../core/src/test/resources/golden/";
    private static final String SD = GOLDEN + "tiny-sd";
    private static final String CLIP = GOLDEN + "clip/quick";

    @TempDir
    Path folder;

    private Command.Outcome run(String line) {
        return Command.run(line.replace("@", folder.toString()).split(" "));
    }

    private void drawn(String line) {
        Command.Outcome outcome = run(line);
        assertThat(outcome.code()).as(outcome.err()).isZero();
    }

    private void refused(String line, String words) {
        Command.Outcome outcome = run(line);
        assertThat(outcome.err()).contains(words);
        assertThat(outcome.err().strip().lines()).hasSize(1);
        assertThat(outcome.code()).isEqualTo(2);
    }

    private Command.Outcome piped(String text, String line) {
        InputStream before = System.in;
        try {
            System.setIn(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
            return run(line);
        } finally {
            System.setIn(before);
        }
    }

    @Test
    void compare_draws_the_prompts_of_a_pipe_with_each_model_guided_as_suits_it() throws IOException {
        String compare = "compare --model " + SD + "," + GOLDEN + "tiny-xl --prompts-file - --steps 1 --count 1 --out ";
        String second = "{\"prompt\": \"a dog\", \"negative_prompt\": \"fog\"}\n";
        Command.Outcome outcome = piped("a cat\n" + second, compare + "@/c --negative-prompt rain");
        assertThat(outcome.code()).as(outcome.err()).isZero();
        List<?> rows =
                (List<?>) Json.readObject(folder.resolve("c/compare.json")).get("rows");
        assertThat(rows.stream()
                        .map(row -> ((Map<?, ?>) row).get("guidance_scale"))
                        .toList())
                .isEqualTo(List.of(7.5, 5.0));
        assertThat(rows.stream().map(row -> ((Map<?, ?>) row).get("pictures")).toList())
                .isEqualTo(List.of(2L, 2L));

        Command.Outcome bad = piped("a cat\n" + second, compare + "@/x");
        assertThat(bad.err()).contains("--prompts-file standard input: line 1 has no negative_prompt, but line 2");
        assertThat(bad.code()).isEqualTo(2);
    }

    @Test
    void eval_notes_what_was_asked_for_in_words_and_how_strongly_it_counted() throws IOException {
        drawn("eval --model " + SD + " --prompt cat --negative-prompt fog --count 2 --steps 1 --out @/eval.jsonl"
                + " --clip-text digit --clip-model " + CLIP);
        assertThat(Files.readString(folder.resolve("eval.jsonl")))
                .contains("\"prompts\": [\"cat\"]", "\"negative_prompts\": [\"fog\"]", "\"guidance_scale\": 7.5");
    }

    @Test
    void a_model_of_one_file_is_judged_and_compared_with_the_folder_that_says_what_it_does_not() throws IOException {
        drawn("convert " + SD + " --out @/one.safetensors");
        drawn("eval --model @/one.safetensors --config " + SD + " --prompt cat --count 1 --steps 1 --clip-text digit"
                + " --clip-model " + CLIP);
        assertThat(folder.resolve("eval.jsonl")).isNotEmptyFile();
        drawn("compare --model @/one.safetensors," + SD + " --config " + SD + " --prompt cat --count 1 --steps 1"
                + " --out @/c");
        assertThat(folder.resolve("c/compare.md")).isNotEmptyFile();
    }

    @Test
    void pictures_of_a_text_are_watched_swept_and_steered_with_one_network_at_a_time() {
        String sample = "sample --model " + SD + " --steps 3 --scheduler ddim --prompt cat --out @/";
        drawn(sample + "watched --film --trace 2 --grid --low-memory --guide color=#FF0000:40 --guide clip=bla:9,cuts=1"
                + " --clip-model " + CLIP);
        for (String file : List.of("0000.png", "film.png", "trace.png", "grid.png", "guidance.csv")) {
            assertThat(folder.resolve("watched/" + file)).isNotEmptyFile();
        }
        drawn("sample --from @/watched/0000.png --out @/again");
        assertThat(folder.resolve("again/0000.png")).hasSameBinaryContentAs(folder.resolve("watched/0000.png"));
        drawn(sample + "swept --negative-prompt fog --sweep-scale 1,3 --low-memory");
        assertThat(folder.resolve("swept/sweep.png")).isNotEmptyFile();
        refused("sample --model " + SD + " --sweep-scale 1,3 --out @/x", "give --prompt");
    }

    @Test
    void pictures_that_other_parts_took_part_in_are_drawn_again_from_their_notes() {
        String sample = "sample --model " + SD + " --steps 2 --prompt cat --out @/";
        drawn(sample + "plain --size 32x32");
        again(sample + "vae --vae " + GOLDEN + "tiny-places/vae-tiny", "vae");
        again(sample + "lora --lora " + GOLDEN + "text_lora/sd-kohya.safetensors:0.7", "lora");
        again(
                sample + "control --low-memory --control " + GOLDEN + "tiny-nets/control=@/plain/0000.png,scale=0.5",
                "control");
        again(sample + "crop --image @/plain/0000.png --mask @/plain/0000.png --mask-padding 2 --strength 0.9", "crop");
    }

    private void again(String line, String name) {
        drawn(line);
        drawn("sample --from @/" + name + "/0000.png --out @/again-" + name);
        assertThat(folder.resolve("again-" + name + "/0000.png"))
                .hasSameBinaryContentAs(folder.resolve(name + "/0000.png"));
    }

    @Test
    void numbers_that_are_not_finite_are_one_line_and_no_picture() {
        Command.Outcome outcome = run("sample --model " + SD + " --prompt (red:1.9)[cat] --prompt-syntax a1111"
                + " --scheduler euler-ancestral --steps 8 --guidance-scale 12 --out @/n");
        assertThat(outcome.code()).isEqualTo(1);
        assertThat(outcome.err())
                .contains(
                        "not finite in 1 of 1 picture",
                        "or weigh words of --prompt less, or with --prompt-syntax comfy");
        assertThat(outcome.err().strip().lines()).hasSize(1);
        assertThat(folder.resolve("n/0000.png")).doesNotExist();
    }

    @Test
    void a_trace_of_prompts_that_ask_for_different_adapters_is_refused() {
        refused(
                "plot trace --model " + SD
                        + " --steps 2 --prompt cat<lora:sd-kohya:1> --prompt dog --prompt-syntax a1111" + " --lora-dir "
                        + GOLDEN + "text_lora --out @/x",
                "--prompt asks for other adapters than the prompt before");
    }
}
