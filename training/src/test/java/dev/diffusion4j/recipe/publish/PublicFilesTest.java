// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe.publish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What leaves the machine, and what does not. */
final class PublicFilesTest {
    @TempDir
    Path folder;

    private void files(String... names) throws IOException {
        for (String name : names) {
            Path file = folder.resolve(name);
            Files.createDirectories(file.getParent());
            Files.writeString(file, "{}");
        }
    }

    private static final String STEP = "run/checkpoints/step-00000005/";

    @Test
    void the_state_of_an_optimiser_stays_wherever_it_lies() throws IOException {
        files(
                "run/recipe.yaml",
                "run/model/model_index.json",
                "run/model/unet/config.json",
                "run/.hidden",
                "run/metrics.jsonl");
        files(STEP + "state.json", STEP + "optimizer.safetensors", STEP + "model.safetensors");
        files("theirs/unet/config.json", "theirs/optimizer.bin", "theirs/random_states_0.pkl");

        PublicFiles run = PublicFiles.of(folder.resolve("run"), false);
        assertThat(run.byName()).containsOnlyKeys("model_index.json", "unet/config.json", "recipe.yaml");
        assertThat(run.leavesState()).isTrue();
        assertThat(PublicFiles.of(folder.resolve("run"), true).byName())
                .containsKey("checkpoints/step-00000005/optimizer.safetensors");
        assertThat(PublicFiles.of(folder, false).byName().keySet())
                .contains("run/model/model_index.json", "theirs/unet/config.json")
                .noneMatch(
                        name -> name.contains("checkpoints") || name.contains("optimizer") || name.contains("random"));
        for (String state : new String[] {"run/checkpoints", "run/checkpoints/step-00000005"}) {
            assertThatThrownBy(() -> PublicFiles.of(folder.resolve(state), false))
                    .isInstanceOf(Problem.class)
                    .hasMessageContaining("nothing else: withCheckpoints publishes it");
        }
    }

    @Test
    void the_same_files_are_written_to_a_folder_without_paths_of_this_machine() throws IOException {
        files("run/model/model_index.json", "run/metrics.jsonl", STEP + "optimizer.safetensors");
        Files.writeString(folder.resolve("run/recipe.yaml"), "data: {source: 'folder:/home/ada/cats'}");
        Path target = folder.resolve("public");
        assertThat(PublicFolder.write(folder.resolve("run"), target)).isEqualTo(2);
        assertThat(target.resolve("model_index.json")).exists();
        assertThat(target.resolve("recipe.yaml"))
                .content()
                .contains("folder:cats")
                .doesNotContain("ada");
        assertThatThrownBy(() -> PublicFolder.write(folder.resolve("run"), target))
                .hasMessageContaining("already something");
    }

    @Test
    void a_run_without_a_model_is_not_taken_for_one() throws IOException {
        files("run/recipe.yaml", "run/metrics.jsonl", STEP + "state.json", STEP + "optimizer.safetensors");
        assertThatThrownBy(() -> PublicFiles.of(folder.resolve("run"), false))
                .hasMessageContaining("is a run that is not finished")
                .hasMessageContaining("resume the run");
    }

    @Test
    void a_link_to_elsewhere_is_refused_and_a_folder_may_be_one() throws IOException {
        files("model/model_index.json", "secret.txt");
        Path link = Files.createSymbolicLink(folder.resolve("latest"), folder.resolve("model"));
        assertThat(PublicFiles.of(link, false).byName()).containsOnlyKeys("model_index.json");
        Files.createSymbolicLink(folder.resolve("model/leak.txt"), folder.resolve("secret.txt"));
        assertThatThrownBy(() -> PublicFiles.of(link, false)).hasMessageContaining("leak.txt is a link to");
    }

    @ParameterizedTest
    @CsvSource({
        "folder:/home/ada/my cats, folder:my cats",
        "/tmp/w/runs/a/model, model",
        "/tmp/w/runs/a/model/, model",
        "parquet:/data/x.parquet:train, parquet:x.parquet:train",
        "idx:C:\\data\\mnist, idx:mnist",
        "hf:org/name:train, hf:org/name:train",
        "org/name@abc, org/name@abc",
        "https://example.org/a/b, https://example.org/a/b",
        "a large / small thing, a large / small thing",
    })
    void paths_of_this_machine_lose_their_folders(String value, String published) {
        assertThat(PublicCopy.text(value)).isEqualTo(published);
    }

    @Test
    void only_files_that_name_paths_are_copied() throws IOException {
        Path recipe = folder.resolve("recipe.yaml");
        Files.writeString(recipe, "data:\n  source: folder:/home/ada/cats\n  image_size: 8\n");
        assertThat(PublicCopy.of("recipe.yaml", recipe))
                .isNotEqualTo(recipe)
                .content()
                .contains("folder:cats", "image_size: 8");
        Files.writeString(recipe, "data:\n  source: hf:org/cats\n");
        assertThat(PublicCopy.of("recipe.yaml", recipe)).isEqualTo(recipe);
    }
}
