// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.hub.HubRepo;
import dev.diffusion4j.hub.HubServer;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Yaml;
import dev.diffusion4j.scheduler.SchedulerKind;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From a model of the Hub over a training to a model of the Hub, on a server here. */
final class PublishedRunTest {
    private static final List<String> SETTINGS = List.of("HF_ENDPOINT", "HF_TOKEN", "HF_HOME");
    private static final List<String> SHORT =
            List.of("--set", "data.limit=8", "--set", "training.epochs=1", "--set", "training.batch_size=4");

    @TempDir
    Path folder;

    private HubServer server;

    @BeforeEach
    void prepare() throws IOException {
        server = new HubServer();
        System.setProperty("HF_ENDPOINT", server.endpoint());
        System.setProperty("HF_TOKEN", "hf_right");
        System.setProperty("HF_HOME", folder.resolve("home").toString());
        TinyModels.save(folder.resolve("base"), SchedulerKind.DDPM, Map.of());
        server.commit(HubRepo.model("ada/base"), folder.resolve("base"));
    }

    @AfterEach
    void end() {
        SETTINGS.forEach(System::clearProperty);
        server.close();
    }

    /** A command line with {@code @} for the folder. */
    private Command.Outcome run(List<String> more, String line) {
        List<String> words = new ArrayList<>(Arrays.asList(line.split(" ")));
        words.replaceAll(word -> word.startsWith("@") ? folder + word.substring(1) : word);
        words.addAll(more);
        return Command.run(words.toArray(new String[0]));
    }

    private String text(String repo, String file) {
        return new String(server.files(HubRepo.model(repo)).get(file), StandardCharsets.UTF_8);
    }

    private String baseCommit() throws IOException {
        Path snapshots = folder.resolve("home/hub/models--ada--base/snapshots");
        try (var commits = Files.list(snapshots)) {
            return commits.findFirst().orElseThrow().getFileName().toString();
        }
    }

    @Test
    void a_model_of_the_hub_is_tuned_measured_and_published_without_its_training_state() throws IOException {
        Command.Outcome outcome = run(
                SHORT,
                "train finetune --set model.from=ada/base --data shapes --out @/mine --push-to-hub --hub-private-repo");
        assertThat(outcome.code()).as(outcome.err()).isZero();
        assertThat(outcome.out()).contains("published: " + server.endpoint() + "/ada/mine/commit/");
        assertThat(server.files(HubRepo.model("ada/mine")).keySet())
                .contains("model_index.json", "unet/diffusion_pytorch_model.safetensors", "recipe.yaml", "README.md")
                .noneMatch(name -> name.contains("checkpoints") || name.contains("optimizer"));
        assertThat(Yaml.readObject(folder.resolve("mine/recipe.yaml")).get("model"))
                .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.MAP)
                .containsEntry("from", "ada/base@" + baseCommit());
        assertThat(text("ada/mine", "README.md"))
                .contains("base_model: ada/base\n", "diffuse sample --model ada/mine ", baseCommit())
                .doesNotContain("hf_right", folder.toString());

        run(List.of(), "sample --model ada/mine --count 4 --steps 2 --out @/drawn");
        assertThat(folder.resolve("drawn")).isNotEmptyDirectory();
        TinyModels.saveClassifier(folder.resolve("judge"));
        Command.Outcome judged = run(
                List.of(),
                "eval --model @/mine --count 8 --steps 2 --data shapes --data-limit 20 --data-size 8 --features @/judge"
                        + " --subset-size 6 --no-cache");
        assertThat(judged.code()).as(judged.err()).isZero();
        Command.Outcome pushed = run(List.of(), "hub push @/mine ada/mine --yes --license mit --message Figures");
        assertThat(pushed.code())
                .as(pushed.err())
                .isEqualTo(judged.code())
                .as(judged.err())
                .isZero();
        assertThat(pushed.out()).contains("the checkpoints were not published");
        assertThat(text("ada/mine", "README.md"))
                .contains("license: mit\n", "metrics:\n- kid\n", "## Figures", "| kid | ", "conv-classifier, 8 px");
        card_words_are_kept_on_both_sides();
        run(List.of(), "hub push @/mine ada/mine --yes --with-checkpoints");
        assertThat(server.files(HubRepo.model("ada/mine")).keySet()).anyMatch(name -> name.startsWith("checkpoints/"));
    }

    private void editOnHub(String card) {
        Map<String, byte[]> files = new HashMap<>(server.files(HubRepo.model("ada/mine")));
        files.put("README.md", card.getBytes(StandardCharsets.UTF_8));
        server.commit(HubRepo.model("ada/mine"), files);
    }

    private void card_words_are_kept_on_both_sides() throws IOException {
        Path card = folder.resolve("mine/model/README.md");
        Files.writeString(card, Files.readString(card) + "\n## My notes\n");
        run(List.of(), "hub push @/mine ada/mine --yes");
        assertThat(text("ada/mine", "README.md")).contains("## My notes", "license: mit");
        String there = text("ada/mine", "README.md") + "Theirs.\r\n";
        editOnHub(there);
        run(List.of(), "hub push @/mine ada/mine --yes");
        assertThat(text("ada/mine", "README.md"))
                .contains("## My notes", "Theirs.")
                .containsOnlyOnce("## How to use it");
        Files.writeString(card, Files.readString(card) + "\nMore.\n");
        there = text("ada/mine", "README.md") + "Else.\n";
        editOnHub(there);
        Command.Outcome both = run(List.of(), "hub push @/mine ada/mine --yes");
        assertThat(both.code()).isEqualTo(1);
        assertThat(both.err()).contains("--card here or --card hub chooses whose words stay");
        run(List.of(), "hub push @/mine ada/mine --yes --card here");
        assertThat(text("ada/mine", "README.md")).contains("More.").doesNotContain("Else.");
    }

    @Test
    void a_lora_is_published_with_the_name_of_its_base_and_drawn_with_from_the_hub() throws IOException {
        Command.Outcome outcome = run(
                SHORT,
                "train digits-lora --set model.from=ada/base --set lora.targets=[to_q,to_v] --data shapes"
                        + " --out @/thin --push-to-hub --hub-model-id ada/thin-lora");
        assertThat(outcome.code()).as(outcome.err()).isZero();
        assertThat(server.files(HubRepo.model("ada/thin-lora")).keySet())
                .contains("adapter_config.json", "adapter_model.safetensors", "README.md", "recipe.yaml");
        assertThat(Json.parseObject(text("ada/thin-lora", "adapter_config.json"), "config"))
                .containsEntry("base_model_name_or_path", "ada/base")
                .containsEntry("revision", baseCommit());
        assertThat(text("ada/thin-lora", "README.md"))
                .contains("library_name: peft\n", "base_model_relation: adapter\n", "--lora ada/thin-lora ");
        String sample = "sample --model ada/base --count 1 --steps 2 --lora ";
        run(List.of(), sample + "@/thin:0.5 --out @/here");
        Command.Outcome drawn = run(List.of(), sample + "ada/thin-lora:0.5 --out @/there");
        assertThat(drawn.code()).as(drawn.err()).isZero();
        assertThat(pixels("there")).isEqualTo(pixels("here"));
        assertThat(Files.readString(picture("there").toPath(), StandardCharsets.ISO_8859_1))
                .containsPattern("ada/thin-lora@[0-9a-f]{40}:0.5");
        Command.Outcome none = run(List.of(), sample + "ada/base --out @/none");
        assertThat(none.code()).isEqualTo(1);
        assertThat(none.err()).contains("ada/base is a model, not a LoRA: give it as --model");
    }

    private int[] pixels(String name) throws IOException {
        BufferedImage image = ImageIO.read(picture(name));
        return image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
    }

    private java.io.File picture(String name) throws IOException {
        try (var files = Files.list(folder.resolve(name))) {
            return files.filter(file -> file.toString().endsWith(".png"))
                    .findFirst()
                    .orElseThrow()
                    .toFile();
        }
    }

    @Test
    void what_cannot_be_published_is_known_before_the_training() {
        String line = "train finetune --set model.from=@/base --data shapes --out @/no";
        System.setProperty("HF_TOKEN", "");
        Command.Outcome nobody = run(SHORT, line.replace("@/base", folder + "/base") + " --push-to-hub");
        assertThat(nobody.code()).isEqualTo(1);
        assertThat(nobody.err()).contains("log in first, diffuse hub login").hasLineCount(1);
        assertThat(folder.resolve("no")).doesNotExist();
        Command.Outcome alone = run(SHORT, line.replace("@/base", folder + "/base") + " --hub-model-id a/b");
        assertThat(alone.code()).isEqualTo(2);
        assertThat(alone.err()).contains("go with --push-to-hub");
    }
}
