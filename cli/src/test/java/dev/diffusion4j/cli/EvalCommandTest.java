// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.json.Json;
import dev.diffusion4j.scheduler.SchedulerKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** diffuse eval and diffuse compare on networks of a few weights. */
class EvalCommandTest {
    @TempDir
    static Path folder;

    @BeforeAll
    static void save() {
        TinyModels.save(folder.resolve("model"), SchedulerKind.DDIM, Map.of("num_class_embeds", 4L));
        TinyModels.save(folder.resolve("plain"), SchedulerKind.DDIM, Map.of());
        TinyModels.saveClassifier(folder.resolve("judge"));
    }

    private Command.Outcome call(String arguments) {
        return Command.run(arguments.replace("@", folder.toString()).split(" "));
    }

    private String run(String arguments) {
        Command.Outcome outcome = call(arguments);
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.code()).isZero();
        return outcome.out();
    }

    @Test
    void figures_are_kept_with_what_decides_them_and_others_are_told_apart() throws IOException {
        String eval =
                "eval --model @/model --class all --count 3 --steps 2 --data digits --data-limit 20 --features @/judge"
                        + " --subset-size 6 --classifier @/judge --no-cache --out @/a/eval.jsonl";
        String first = run(eval);
        assertThat(first).contains("kid ", "fid ", "class_fidelity ", "6, seed 2020", "of     3");
        List<String> lines = Files.readAllLines(folder.resolve("a/eval.jsonl"));
        assertThat(lines).hasSize(3);
        Map<String, ?> kid = Json.parseObject(lines.get(0), "kid");
        assertThat(kid.get("n")).isEqualTo(12L);
        assertThat(kid.get("n_reference")).isEqualTo(20L);
        assertThat(kid.get("extractor")).isEqualTo("conv-classifier");
        assertThat(String.valueOf(kid.get("weights_hash"))).hasSize(64);
        assertThat(run(eval).lines().filter(line -> line.contains("earlier kid")))
                .singleElement()
                .satisfies(line -> assertThat(line).doesNotContain("NOT"));
        assertThat(run(eval + " --resize legacy"))
                .contains("NOT COMPARABLE: resize legacy against clean")
                .contains("class_fidelity");
        assertThat(Json.parseObject(
                                Files.readAllLines(folder.resolve("a/eval.jsonl"))
                                        .get(3),
                                "kid")
                        .get("value"))
                .isEqualTo(kid.get("value"));
    }

    @Test
    void a_folder_is_judged_without_the_sheet_in_it() throws IOException {
        run("sample --model @/model --class 1 --count 6 --steps 2 --grid --out @/drawn");
        String out =
                run("eval --images @/drawn --data digits --data-limit 20 --data-size 8 --features @/judge --no-cache");
        assertThat(out).contains(": 6", "100 subsets of 3");
        assertThat(Files.readAllLines(folder.resolve("drawn/eval.jsonl"))).hasSize(2);
    }

    @Test
    void a_clip_says_how_well_a_text_is_shown() {
        String out = run("eval --model @/model --class 1 --count 2 --steps 1 --clip-text digit --clip-model"
                + " ../core/src/test/resources/golden/clip/quick --out @/c.jsonl");
        assertThat(out).contains("clip_score ", "'digit'");
        assertRefused("eval --model @/model --clip-text digit", 2, "--clip-model");
    }

    @Test
    void what_is_missing_is_said_in_one_line() {
        String data = " --data digits --data-limit 20 --no-cache --out @/b.jsonl";
        assertRefused("eval --model @/model --class 0" + data, 2, "--inception FILE", "--features FOLDER");
        assertRefused(
                "eval --model @/model --class 0 --inception @/none.pth" + data, 1, "none.pth", "Nothing is downloaded");
        assertRefused("eval --model @/model --class 0 --features @/model" + data, 1, "classifier is required");
        assertRefused("eval --model @/model --class 0 --count 1 --steps 1 --features @/judge" + data, 2, "at least 4");
        assertRefused(
                "eval --model @/model --class 0 --count 5 --steps 1 --subset-size 9 --features @/judge" + data,
                2,
                "subsets of 9",
                "only 5");
        assertRefused("eval --features @/judge" + data, 2, "--model DIR", "--images SPEC");
        assertRefused("eval --model @/model --features @/judge", 2, "--data SPEC");
    }

    private void assertRefused(String arguments, int code, String... words) {
        Command.Outcome outcome = call(arguments);
        assertThat(outcome.err().lines()).as(arguments).hasSize(1);
        assertThat(outcome.err()).contains(words);
        assertThat(outcome.code()).isEqualTo(code);
    }

    @Test
    void ways_to_draw_stand_in_one_table_and_one_picture() throws IOException {
        String out = run("compare --model @/model --class all --count 3 --scheduler ddim,euler --steps 1,3 --seed 0,7"
                + " --classifier @/judge --out @/which");
        assertThat(out.lines().filter(line -> line.contains(" ddim ") || line.contains(" euler ")))
                .hasSize(8);
        assertThat(out).contains("class_fidelity", "euler");
        Map<String, ?> json = Json.readObject(folder.resolve("which/compare.json"));
        assertThat((List<?>) json.get("rows")).hasSize(8);
        assertThat(Files.readString(folder.resolve("which/compare.md")))
                .contains("| model | scheduler |", "| ddim | 3 |");
        assertThat(ImageIO.read(folder.resolve("which/sheet.png").toFile()).getHeight())
                .isGreaterThan(8 * 64);
        assertThat(folder.resolve("which/class_fidelity.png")).exists();
    }

    /** What is asked for takes hours to draw: what is refused in seconds is refused before. */
    @Test
    @Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = ThreadMode.SEPARATE_THREAD)
    void what_cannot_be_judged_is_refused_before_anything_is_drawn() {
        String much = " --count 100000 --steps 1000 --no-cache --out @/n.jsonl";
        assertRefused("eval --model @/plain --data @/nowhere --features @/judge" + much, 2, "nowhere");
        assertRefused(
                "eval --model @/plain --data digits --data-limit 3 --features @/judge" + much, 2, "at least 4", "3");
        assertRefused(
                "eval --model @/plain --data digits --data-limit 20 --subset-size 21 --features @/judge" + much,
                2,
                "subsets of 21",
                "only 20");
        assertRefused("eval --model @/plain --classifier @/judge" + much, 2, "whose class is known");
        assertRefused(
                "eval --model @/model --class 3 --steps 1001 --classifier @/judge --no-cache", 2, "at most the 1000");
        assertThat(folder.resolve("n.jsonl")).doesNotExist();
    }

    @Test
    @Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = ThreadMode.SEPARATE_THREAD)
    void a_bad_combination_is_named_before_the_first_is_drawn() {
        String much = " --count 100000 --out @/never";
        assertRefused("compare --model @/plain,@/nowhere --steps 1000" + much, 1, "nowhere");
        assertRefused(
                "compare --model @/plain --scheduler ddim,flow-match-euler" + much,
                2,
                "plain, flow-match-euler: ",
                "does not fit this model");
        assertRefused(
                "compare --model @/plain --guidance-scale 1,3" + much,
                2,
                "plain, ddim, 50 steps, guidance 3.0: ",
                "not trained on classes");
        assertRefused("compare --model @/plain --steps 1000,1001" + much, 2, "plain, ddim, 1001 steps: ", "at most");
        assertRefused(
                "compare --model @/plain --scheduler ddim,euler --eta 1" + much, 2, "plain, euler, ", "takes no --eta");
        assertRefused("compare --model @/plain --classifier @/judge" + much, 2, "plain, ddim, ", "class is known");
        assertThat(folder.resolve("never/sheet.png")).doesNotExist();
    }

    @Test
    void how_pictures_were_drawn_is_kept_and_other_classes_are_told_apart() throws IOException {
        String eval = "eval --model @/model --steps 1 --classifier @/judge --out @/how.jsonl --count 2 --class ";
        run(eval + "all --guidance-scale 3 --negative-class 1 --guidance-interval 0-0.8 --scheduler-option"
                + " clip_sample=false --guide brightness=0.8:40");
        Map<String, ?> figure = Json.parseObject(Files.readString(folder.resolve("how.jsonl")), "figure");
        assertThat(figure.get("classes")).isEqualTo(Map.of("0", 2L, "1", 2L, "2", 2L, "3", 2L));
        assertThat(String.valueOf(figure.get("drawn")))
                .contains(
                        "guidance_scale=3.0",
                        "negative_class=1",
                        "guidance_interval=[0.0, 0.8]",
                        "clip_sample=false",
                        "brightness=0.8:40",
                        "loras=[]");
        assertThat(run(eval + "3"))
                .contains(
                        "NOT COMPARABLE: classes 3 (2) against 0-3 (2 each)",
                        "drawn otherwise: ",
                        "guidance_scale 1.0 against 3.0",
                        "clip_sample true against false");
    }

    @Test
    void where_no_error_is_known_none_is_said() throws IOException {
        String out = run("eval --model @/model --class 1 --count 4 --steps 1 --data digits --data-limit 20 --features"
                + " @/judge --subsets 1 --no-cache --out @/one.jsonl");
        assertThat(out.lines().filter(line -> line.startsWith("kid")))
                .singleElement()
                .satisfies(line -> assertThat(line).doesNotContain("±"));
        assertThat(Json.parseObject(
                        Files.readAllLines(folder.resolve("one.jsonl")).get(0), "kid"))
                .containsEntry("standard_error", null);
    }

    @Test
    void pictures_that_are_there_are_not_drawn_otherwise() {
        run("sample --model @/model --class 1 --count 4 --steps 1 --out @/there");
        String eval = "eval --images @/there --data digits --data-limit 20 --features @/judge --no-cache ";
        for (String option : List.of(
                "--count 3",
                "--class 1",
                "--steps 2",
                "--guidance-scale 3",
                "--seed 1",
                "--guide color=#55FFAA:40",
                "--lora x",
                "--scheduler ddim",
                "--prompt a",
                "--eta 1",
                "--clip-model x")) {
            assertRefused(eval + option, 2, "--images judges pictures that are there", option.split(" ")[0] + ":");
        }
    }

    @Test
    void a_share_below_the_threshold_fails_after_it_is_said() {
        String eval = "eval --model @/model --class all --count 2 --steps 1 --classifier @/judge --out @/least.jsonl";
        run(eval + " --at-least 0");
        Command.Outcome outcome = call(eval + " --at-least 100");
        assertThat(outcome.code()).isEqualTo(1);
        assertThat(outcome.out()).contains("class_fidelity ");
        assertThat(outcome.err().lines()).hasSize(1);
        assertThat(outcome.err()).contains("of 8 pictures", "--at-least is 100.0 %");
        assertRefused(eval + " --at-least 101", 2, "--at-least", "100");
        assertRefused("eval --model @/model --data digits --features @/judge --at-least 95", 2, "--classifier");
    }
}
