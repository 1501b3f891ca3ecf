// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe.form;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.recipe.Recipes;
import dev.diffusion4j.recipe.form.RecipeField.Type;
import dev.diffusion4j.recipe.form.RecipeForm.Group;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class RecipeFormTest {
    private static Map<String, RecipeField> fields(RecipeForm form) {
        return form.groups().stream()
                .flatMap(group -> group.fields().stream())
                .collect(Collectors.toMap(RecipeField::key, Function.identity()));
    }

    private static Group group(RecipeForm form, String key) {
        return form.groups().stream()
                .filter(each -> each.key().equals(key))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void fields_have_the_values_of_the_recipe_and_the_limits_and_help_of_its_records() {
        RecipeForm form = RecipeForm.of(Recipes.find("quickstart"), null);
        Map<String, RecipeField> fields = fields(form);
        RecipeField epochs = fields.get("training.epochs");
        assertThat(epochs.type()).isEqualTo(Type.INTEGER);
        assertThat(epochs.value()).isEqualTo(100L);
        assertThat(epochs.least()).isEqualTo(1);
        assertThat(epochs.most()).isNull();
        assertThat(epochs.allowed()).isEqualTo("must be > 0");
        assertThat(epochs.help()).isEqualTo("passes over the data");
        RecipeField size = fields.get("data.image_size");
        assertThat(size.least()).isEqualTo(0);
        assertThat(size.most()).isEqualTo(4096);
        assertThat(fields.get("training.max_steps").isOptional()).isTrue();
        assertThat(fields.get("training.max_steps").least()).isEqualTo(1);
        assertThat(fields.get("training.optimizer.name").choices()).containsExactly("adam", "adamw");
        assertThat(fields.get("training.optimizer.beta1").most()).isEqualTo(1);
        assertThat(fields.get("data.validation_share").allowed()).isEqualTo("must lie in [0, 1)");
        assertThat(fields.get("objective.context_drop").type()).isEqualTo(Type.YAML);
        assertThat(fields.get("model.config.layers_per_block").value()).isEqualTo(1L);
        assertThat(fields).doesNotContainKeys("name", "cost", "model.from_sha256");
        assertThat(group(form, "training.ema").isOn()).isTrue();
        assertThat(group(form, "lora").isOn()).isFalse();
        assertThat(group(form, "lora").isOptional()).isTrue();
        assertThat(group(form, "lora").fields()).extracting(RecipeField::key).contains("lora.rank");
    }

    @Test
    void a_preset_and_the_stages_of_a_chain_have_their_own_values() {
        assertThat(fields(RecipeForm.of(Recipes.find("butterflies-32"), "quick"))
                        .get("training.epochs")
                        .value())
                .isEqualTo(15L);
        RecipeForm chain = RecipeForm.of(Recipes.find("scene-judges"), null);
        assertThat(fields(chain)).containsKeys("form.training.epochs", "colour.training.epochs");
    }

    @Test
    void every_built_in_recipe_has_a_form() {
        for (String name : Recipes.BUILT_IN) {
            assertThat(RecipeForm.of(Recipes.find(name), null).groups())
                    .as(name)
                    .hasSizeGreaterThan(5);
        }
    }

    @Test
    void a_change_that_is_refused_is_named() {
        assertThatThrownBy(() -> RecipeForm.check(
                        Recipes.find("quickstart"),
                        null,
                        List.of("training.epochs=3", "training.batch_size=0", "training.seed=4")))
                .isInstanceOfSatisfying(Problem.class, problem -> {
                    assertThat(problem.field()).contains("training.batch_size");
                    assertThat(problem).hasMessageContaining("batch_size must lie in [1, 1048576], but was 0");
                });
        RecipeForm.check(Recipes.find("quickstart"), null, List.of("training.ema=null", "lora={}"));
        RecipeForm.check(Recipes.find("scene-judges"), null, List.of("form.training.epochs=1"));
    }
}
