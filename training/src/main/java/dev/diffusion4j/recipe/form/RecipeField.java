// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe.form;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A value of a recipe that can be changed.
 *
 * @param key as {@code --set} has it: {@code training.batch_size}
 * @param type what is typed in
 * @param value that it has in the recipe, as JSON has it; {@code null} for none
 * @param isOptional whether it may be {@code null}
 * @param choices where it is one of a few; empty where it is not
 * @param least allowed number; {@code null} where none is known
 * @param most allowed number; {@code null} where none is known
 * @param allowed the rule in words, {@code must be > 0}; empty for none
 * @param help a line on what it is; empty where its name says it
 */
public record RecipeField(
        String key,
        Type type,
        @Nullable Object value,
        boolean isOptional,
        List<String> choices,
        @Nullable Double least,
        @Nullable Double most,
        String allowed,
        String help) {

    /** What is typed in. */
    public enum Type {
        /** A whole number. */
        INTEGER,
        /** Any number. */
        NUMBER,
        /** Yes or no. */
        BOOLEAN,
        /** A text. */
        TEXT,
        /** One of the choices. */
        CHOICE,
        /** Anything else, as YAML: lists, groups of keys. */
        YAML
    }

    public RecipeField {
        choices = List.copyOf(choices);
    }

    RecipeField under(String prefix) {
        return new RecipeField(prefix + "." + key, type, value, isOptional, choices, least, most, allowed, help);
    }
}
