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
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** diffuse eval and diffuse compare on networks of a few weights. */
class EvalCommandTest {
    @TempDir
    static Path folder;

    @BeforeAll
    static void save() {
        TinyModels.save(folder.resolve("model"), SchedulerKind.DDIM, Map.of("num_class_embeds", 4L));
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
        assertRefused("eval --model @/model --features @/model" + data, 1, "classifier is needed");
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
}
