// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Check;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Teaching a network one thing from a few pictures of it, which {@code data.source} names: Ruiz et al. (2023), DreamBooth. Beside each of
 * them stands a picture of the kind that the network drew before, so that it keeps what it knows.
 *
 * @param prompt what each of the pictures shows
 * @param identifier the word of the prompt that stands for the thing; {@code null} where none is to be looked for
 * @param classPrompts what the pictures of the kind show, in turn: one prompt, or many of different things
 * @param classCaptions a data set whose first captions are such prompts too ({@code scenes}); {@code null} for none
 * @param classPictures the folder of the pictures of the kind; those that it lacks are drawn into it; {@code null} for the run's own
 * @param classCount how many pictures of the kind there are to be
 * @param priorWeight what the loss of the pictures of the kind counts beside that of the others; 0 does without them
 * @param classSteps denoising steps of those that are drawn
 * @param classGuidanceScale their guidance; {@code null} for the network's usual one
 */
public record DreamBoothConfig(
        String prompt,
        @Nullable String identifier,
        List<String> classPrompts,
        @Nullable String classCaptions,
        @Nullable String classPictures,
        int classCount,
        double priorWeight,
        int classSteps,
        @Nullable Double classGuidanceScale) {
    /** As diffusers' script, but for the prompts, which have no default. */
    public static final DreamBoothConfig DEFAULT =
            new DreamBoothConfig("", null, List.of(), null, null, 100, 1, 50, null);

    public DreamBoothConfig {
        Check.positive(classCount, "class_count");
        Check.notNegative(priorWeight, "prior_weight");
        Check.positive(classSteps, "class_steps");
        if (classGuidanceScale != null) {
            Check.finite(classGuidanceScale, "class_guidance_scale");
        }
        classPrompts = List.copyOf(classPrompts);
    }

    /** Whether pictures of the kind stand beside the others. */
    boolean hasPrior() {
        return priorWeight > 0;
    }

    /** {@code DreamBoothConfig.DEFAULT.with(c -> c.prompt = …)}: the result is checked anew. */
    public DreamBoothConfig with(Consumer<Draft> edit) {
        Draft draft = new Draft(this);
        edit.accept(draft);
        return draft.done();
    }

    /** What a picture's loss counts, by its label: the mean of the one half, and that of the other times the weight. */
    List<Double> labelWeights() {
        return hasPrior() ? List.of(2.0, 2 * priorWeight) : List.of();
    }

    /** What of the prompts cannot be, in a sentence; empty where all can. */
    Optional<String> problem() {
        if (prompt.isBlank()) {
            return Optional.of(
                    "dreambooth.prompt is missing: say what the pictures show, such as {dreambooth.prompt}='a photo of a zog'");
        }
        String word = identifier;
        if (word != null && !holds(word)) {
            return Optional.of("dreambooth.prompt '" + prompt + "' does not hold the word '" + word
                    + "' that dreambooth.identifier names: put it into the prompt, or name the word that is there");
        }
        return hasPrior() && classPrompts.isEmpty() && classCaptions == null
                ? Optional.of("dreambooth.class_prompts is missing: say what pictures of the kind show, such as"
                        + " {dreambooth.class_prompts}=['a photo of a thing'], or do without them by"
                        + " {dreambooth.prior_weight}=0")
                : Optional.empty();
    }

    private boolean holds(String word) {
        return Pattern.compile(
                        "(?<![\\p{L}\\p{N}])" + Pattern.quote(word) + "(?![\\p{L}\\p{N}])", Pattern.CASE_INSENSITIVE)
                .matcher(prompt)
                .find();
    }

    /** The values on their way to other ones; checked when they are done. */
    public static final class Draft {
        public String prompt;
        public @Nullable String identifier;
        public List<String> classPrompts;
        public @Nullable String classCaptions;
        public @Nullable String classPictures;
        public int classCount;
        public double priorWeight;
        public int classSteps;
        public @Nullable Double classGuidanceScale;

        private Draft(DreamBoothConfig from) {
            prompt = from.prompt;
            identifier = from.identifier;
            classPrompts = from.classPrompts;
            classCaptions = from.classCaptions;
            classPictures = from.classPictures;
            classCount = from.classCount;
            priorWeight = from.priorWeight;
            classSteps = from.classSteps;
            classGuidanceScale = from.classGuidanceScale;
        }

        private DreamBoothConfig done() {
            return new DreamBoothConfig(
                    prompt,
                    identifier,
                    classPrompts,
                    classCaptions,
                    classPictures,
                    classCount,
                    priorWeight,
                    classSteps,
                    classGuidanceScale);
        }
    }
}
