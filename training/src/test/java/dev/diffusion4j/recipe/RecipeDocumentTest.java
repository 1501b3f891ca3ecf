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

class RecipeDocumentTest {
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
        RecipeDocument document =
                Recipes.find(file("  quick: {training: {max_steps: 3, optimizer: {learning_rate: 0.25}}}"));
        Recipe quick = document.recipe("quick", List.of("training.max_steps=4"));
        Recipe whole = document.recipe(null, List.of());
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
    void what_was_changed_for_one_recipe_is_not_changed_for_the_next() throws IOException {
        RecipeDocument document = Recipes.find(file("  quick: {training: {optimizer: {learning_rate: 0.25}}}"));
        Recipe before = document.recipe(null, List.of());
        document.recipe("quick", List.of("training.optimizer.learning_rate=0.125", "name=other"));
        document.recipe(null, List.of("training.optimizer.learning_rate=0.125", "name=other"));
        assertThat(document.recipe(null, List.of())).isEqualTo(before);
        assertThat(document.recipe("quick", List.of()).training().optimizer().learningRate())
                .isEqualTo(0.25);
    }

    @Test
    void what_is_wrong_with_presets_is_one_line() throws IOException {
        String good = file("  quick: {training: {max_steps: 3}}");
        assertThatThrownBy(() -> Recipes.find(good).recipe("quik", List.of()))
                .isInstanceOf(Problem.class)
                .hasMessageContaining("no preset 'quik' (did you mean 'quick'?); it has quick");
        assertThatThrownBy(() -> Recipes.find("digit-classifier").recipe("quick", List.of()))
                .hasMessageContaining("it has none at all");
        String wrongKey = file("  quick: {training: {max_step: 3}}");
        assertThatThrownBy(() -> Recipes.find(wrongKey))
                .hasMessageContaining("preset quick")
                .hasMessageContaining("unknown key 'max_step' (did you mean 'max_steps'?)");
        String noGroup = file("  quick: 3");
        assertThatThrownBy(() -> Recipes.find(noGroup)).hasMessageContaining("presets.quick must be a group");
    }
}
