// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.data.drawn.SceneAttribute;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** diffuse eval --attributes with judges that know nothing; how they are counted is AttributeTableTest's. */
class AttributeEvalTest {
    private static final String SD = "../core/src/test/resources/golden/tiny-sd";
    private static final int SIDE = 16;

    @TempDir
    static Path folder;

    @BeforeAll
    static void save() {
        judges("judges", SIDE);
        judges("larger", 32);
        TinyModels.save(folder.resolve("plain"), SchedulerKind.DDIM, Map.of());
        try (Model vae = PipelineFolder.open(Path.of(SD)).network("vae").read(Devices.cpu(), Precision.F32, null)) {
            PipelineFolder.write(folder.resolve("autoencoder"), vae, null);
        }
    }

    private static void judges(String name, int side) {
        for (SceneAttribute attribute : SceneAttribute.values()) {
            judge(folder.resolve(name).resolve(attribute.key()), side, attribute.classes());
        }
    }

    private static void judge(Path place, int side, List<String> classes) {
        Map<String, Object> config = Map.of(
                "sample_size",
                (long) side,
                "in_channels",
                3L,
                "num_classes",
                (long) classes.size(),
                "class_names",
                classes,
                "widths",
                List.of(4L),
                "hidden",
                16L);
        TinyModels.saveClassifier(place, config);
    }

    private static Command.Outcome call(String arguments) {
        return Command.run(arguments.replace("@", folder.toString()).split(" "));
    }

    private static String run(String arguments) {
        Command.Outcome outcome = call(arguments);
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.code()).isZero();
        return outcome.out();
    }

    private static void refused(String arguments, int code, String... words) {
        Command.Outcome outcome = call(arguments);
        assertThat(outcome.err().strip().lines()).as(outcome.err()).hasSize(1);
        assertThat(outcome.err()).contains(words);
        assertThat(outcome.code()).isEqualTo(code);
    }

    @Test
    void drawn_pictures_are_judged_and_the_line_says_how_to_make_them_again() throws IOException {
        String call = "eval --model " + SD + " --attributes @/judges --count 5 --steps 1 --seed 3 --batch 2"
                + " --negative-prompt fog --out @/a/drawn.jsonl";
        String out = run(call);
        assertThat(out).contains("5 captions of scenes:test, seed 3", "all together", "other_colour", "95 % interval");
        run(call);
        List<String> lines = Files.readAllLines(folder.resolve("a/drawn.jsonl"));
        assertThat(lines).hasSize(2);
        assertThat(lines.get(1)).isEqualTo(lines.get(0));
        Map<String, ?> line = Json.parseObject(lines.get(0), "line");
        assertThat((Map<?, ?>) line.get("judges")).hasSize(SceneAttribute.values().length);
        assertThat((List<?>) line.get("rows")).hasSize(SceneAttribute.values().length + 1);
        assertThat(Json.object(line.get("drawn")))
                .containsEntry("steps", 1L)
                .containsEntry("seed", 3L)
                .containsEntry("negative_prompts", List.of("fog"))
                .doesNotContainKey("prompts");
        assertThat(run(call.replace("seed 3", "seed 4") + " --json")).contains("\"captions_seed\": 4");
    }

    @Test
    void each_picture_is_guided_away_from_what_was_given_for_it() {
        String call = "eval --model " + SD + " --attributes @/judges --count 2 --steps 1 --json --out @/n.jsonl"
                + " --negative-prompt fog";
        Map<String, ?> line = Json.parseObject(run(call + " --negative-prompt mist"), "line");
        assertThat(Json.object(line.get("drawn"))).containsEntry("negative_prompts", List.of("fog", "mist"));
        refused(
                call.replace("count 2", "count 3") + " --negative-prompt mist",
                2,
                "--negative-prompt must be given once, or once for each of the 3 captions, but was given 2 times");
    }

    @Test
    void what_an_autoencoder_leaves_of_real_pictures_is_judged_the_same_way() {
        String out = run("eval --model @/autoencoder --attributes @/judges --count 5 --json --out @/r.jsonl");
        Map<String, ?> line = Json.parseObject(out, "line");
        assertThat(String.valueOf(line.get("pictures"))).isEqualTo("autoencoder (encoded and decoded)");
        assertThat(String.valueOf(Json.object(line.get("drawn")).get("model_hash")))
                .hasSize(64);
        refused(
                "eval --model @/autoencoder --attributes @/judges --count 5 --steps 3",
                2,
                "an autoencoder encodes and decodes real pictures and does not use --steps");
    }

    @Test
    void what_cannot_be_judged_is_one_line() throws IOException {
        String sd = "eval --model " + SD + " --steps 1 --count 2 --out @/x.jsonl --attributes ";
        refused(sd + "@/larger", 2, "look at pictures of 32x32 pixels, but those to be judged have 16x16");
        refused(sd + "@/none", 2, "--attributes must be a folder with a classifier for each of form", "has no form");
        refused(sd + "@/judges --classifier @/judges/form", 2, "does not use --classifier");
        refused(sd + "@/judges --prompt x", 2, "does not use --prompt");
        refused("eval --model " + SD + " --attributes @/judges --count 10001", 2, "--count must lie in [1, 10000]");
        refused("eval --images @/a --attributes @/judges", 2, "give --model DIR");
        refused("eval --model @/plain --attributes @/judges --steps 1 --count 2 --out @/x.jsonl", 2, "prompt");
        judges("others", SIDE);
        judge(folder.resolve("others/texture"), SIDE, List.of("plain", "striped", "checked"));
        refused(sd + "@/others", 2, "others/texture names [plain, striped, checked], but the texture of scenes");
        judge(folder.resolve("others/texture"), 32, SceneAttribute.TEXTURE.classes());
        refused(sd + "@/others", 2, "others/texture looks at 32x32 pixels of 3 channels");
        assertThat(folder.resolve("x.jsonl")).doesNotExist();
    }
}
