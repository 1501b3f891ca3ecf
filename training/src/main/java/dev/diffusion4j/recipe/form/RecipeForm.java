// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe.form;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.recipe.Chain;
import dev.diffusion4j.recipe.Recipe;
import dev.diffusion4j.recipe.RecipeDocument;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A recipe's fields in their groups. What a person changes goes back as texts such as {@code training.epochs=3}, which
 * {@link RecipeDocument#recipe} binds and checks; there is no other check.
 *
 * @param name of the recipe, or of the chain
 * @param groups in the order of the recipe's own keys; of a chain those of each stage
 */
public record RecipeForm(String name, List<Group> groups) {

    /**
     * Fields that belong together.
     *
     * @param key of the group, {@code training.ema}; empty for those that stand alone
     * @param help a line on what it is
     * @param isOptional whether the whole of it may be left out: {@code training.ema=null}, and {@code training.ema={}} with what is usual
     * @param isOn whether the recipe has it; else its fields have the usual values
     */
    public record Group(String key, String help, boolean isOptional, boolean isOn, List<RecipeField> fields) {
        public Group {
            fields = List.copyOf(fields);
        }

        private Group under(String prefix) {
            return new Group(
                    key.isEmpty() ? prefix : prefix + "." + key,
                    help,
                    isOptional,
                    isOn,
                    fields.stream().map(field -> field.under(prefix)).toList());
        }
    }

    public RecipeForm {
        groups = List.copyOf(groups);
    }

    /**
     * Of a recipe or a chain.
     *
     * @param preset {@code null} for none
     * @throws Problem (a wrong request) on an unknown preset
     */
    public static RecipeForm of(RecipeDocument document, @Nullable String preset) {
        if (!document.isChain()) {
            Recipe recipe = document.recipe(preset, List.of());
            return new RecipeForm(recipe.name(), RecordFields.of(recipe));
        }
        Chain chain = document.chain(preset, List.of());
        List<Group> groups = new ArrayList<>();
        chain.stages()
                .forEach((stage, recipe) -> RecordFields.of(recipe).forEach(group -> groups.add(group.under(stage))));
        return new RecipeForm(chain.name(), groups);
    }

    /**
     * Looks whether a recipe takes these changes.
     *
     * @param preset {@code null} for none
     * @throws Problem (a wrong request) that knows by {@link Problem#field} which change is refused
     */
    public static void check(RecipeDocument document, @Nullable String preset, List<String> changes) {
        try {
            bind(document, preset, changes);
        } catch (Problem all) {
            throw all.about(refused(document, preset, changes));
        }
    }

    /** The key of the change with which it was refused first. */
    private static String refused(RecipeDocument document, @Nullable String preset, List<String> changes) {
        for (int count = 1; count < changes.size(); count++) {
            try {
                bind(document, preset, changes.subList(0, count));
            } catch (Problem e) {
                return key(changes.get(count - 1));
            }
        }
        return changes.isEmpty() ? "recipe" : key(changes.get(changes.size() - 1));
    }

    private static String key(String change) {
        return change.split("=", 2)[0].trim();
    }

    private static void bind(RecipeDocument document, @Nullable String preset, List<String> changes) {
        if (document.isChain()) {
            document.chain(preset, changes);
        } else {
            document.recipe(preset, changes);
        }
    }
}
