// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.lessons;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.recipe.Recipe;
import dev.diffusion4j.recipe.Recipes;
import dev.diffusion4j.serve.Refusal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A training of the lessons: a recipe with its preset, and the folder that the command too would give it. */
enum LessonRun {
    /** Digits by class: lesson 1. */
    QUICKSTART("quickstart", null, null, ""),
    /** Coloured shapes: lesson 2. */
    SHAPES("quickstart", "shapes", null, ""),
    /** Those, tuned on scenes. */
    TUNED("finetune", "lesson", SHAPES, "model.from"),
    /** The ruler of lesson 4. */
    JUDGE("digit-classifier", null, null, ""),
    /** Continuous time, with a figure after each epoch. */
    CONTINUOUS("flowers-continuous", "lesson", JUDGE, "validation.kid.extractor"),
    /** Digits by attention to their class: lesson 5. */
    ATTENTION("digits-cross-attention", "lesson", null, ""),
    /** A LoRA of it. */
    LORA("digits-lora", "lesson", ATTENTION, "model.from"),
    /** A CLIP, which takes longer than a lesson: the train room makes it. */
    CLIP("clip-small", null, null, ""),
    /** A text-to-image model, which takes an hour. */
    WORDS("text-to-image-small", null, null, "");

    private final String recipe;
    private final @Nullable String preset;
    private final @Nullable LessonRun base;
    private final String key;

    LessonRun(String recipe, @Nullable String preset, @Nullable LessonRun base, String key) {
        this.recipe = recipe;
        this.preset = preset;
        this.base = base;
        this.key = key;
    }

    /** @throws Refusal (404) where there is none */
    static LessonRun of(String word) {
        return Arrays.stream(values())
                .filter(run -> run.word().equals(word))
                .findFirst()
                .orElseThrow(() -> Refusal.missing("there is no lesson's training '" + word + "'"));
    }

    /** As pages call it. */
    String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether it ends within a lesson. */
    boolean isShort() {
        return this != CLIP && this != WORDS;
    }

    /** Its recipe's name. */
    String recipe() {
        return recipe;
    }

    /** What it goes on from or measures by, which must be there first. */
    @Nullable
    LessonRun base() {
        return base;
    }

    /** The name of its folder. */
    String folder() {
        return preset == null ? recipe : recipe + "-" + preset;
    }

    /** What is in its folder when it is done: where a LoRA is, or a model. */
    String result() {
        return this == LORA ? "lora" : "model";
    }

    /**
     * Its recipe.
     *
     * @param base the result of {@link #base()}; {@code null} where there is none
     * @param changes in the form of {@code training.max_steps=20}
     * @throws Problem where a change is none
     */
    Recipe recipe(@Nullable String base, List<String> changes) {
        List<String> all = new ArrayList<>(changes);
        if (base != null) {
            all.add(key + "=" + quoted(base));
        }
        return Recipes.find(recipe).recipe(preset, all);
    }

    /** A path may hold what YAML takes for something else. */
    private static String quoted(String path) {
        return "'" + path.replace("'", "''") + "'";
    }

    /** What a page is to know of it. */
    Map<String, @Nullable Object> about() {
        Map<String, @Nullable Object> map = new java.util.LinkedHashMap<>();
        map.put("name", word());
        map.put("recipe", recipe);
        map.put("preset", preset);
        map.put("folder", folder());
        map.put("short", isShort());
        map.put("base", base == null ? null : base.word());
        map.put("cost", Recipes.find(recipe).about().cost());
        return map;
    }
}
