// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PresetsTest {
    @TempDir
    Path folder;

    private String file(String... presets) throws IOException {
        Path file = folder.resolve("mine.yaml");
        Files.writeString(
                file,
                """
                name: mine
                training:
                  epochs: 9
                  optimizer: {name: adam, learning_rate: 0.5}
                presets:
                """
                        + String.join("\n", presets));
        return file.toString();
    }

    @Test
    void a_preset_is_merged_key_by_key_and_changes_come_after_it() throws IOException {
        String file = file("  quick: {training: {max_steps: 3, optimizer: {learning_rate: 0.25}}}");
        Recipe whole = Recipes.load(file, List.of());
        Recipe quick = Recipes.load(file, "quick", List.of("training.max_steps=4"));
        assertThat(whole.name()).isEqualTo("mine");
        assertThat(whole.training().maxSteps()).isNull();
        assertThat(quick.name()).isEqualTo("mine-quick");
        assertThat(quick.training().epochs()).isEqualTo(9);
        assertThat(quick.training().maxSteps()).isEqualTo(4);
        assertThat(quick.training().optimizer().learningRate()).isEqualTo(0.25);
        assertThat(quick.training().optimizer().name())
                .isEqualTo(whole.training().optimizer().name());
    }

    @Test
    void what_is_wrong_with_presets_is_one_line() throws IOException {
        String good = file("  quick: {training: {max_steps: 3}}");
        assertThatThrownBy(() -> Recipes.load(good, "quik", List.of()))
                .isInstanceOf(Problem.class)
                .hasMessageContaining("no preset 'quik' (did you mean 'quick'?); it has quick");
        assertThatThrownBy(() -> Recipes.load("digit-classifier", "quick", List.of()))
                .hasMessageContaining("it has none at all");
        String wrongKey = file("  quick: {training: {max_step: 3}}");
        assertThatThrownBy(() -> Recipes.load(wrongKey, List.of()))
                .hasMessageContaining("preset quick")
                .hasMessageContaining("unknown key 'max_step' (did you mean 'max_steps'?)");
        String noGroup = file("  quick: 3");
        assertThatThrownBy(() -> Recipes.load(noGroup, List.of()))
                .hasMessageContaining("presets.quick must be a group");
    }
}
