// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Teaching a network one thing from a few pictures of it, which {@code data.source} names: Ruiz et al. (2023), DreamBooth. Beside each of
 * them stands a picture of the kind that the network drew before, so that it keeps what it knows.
 *
 * @param prompt what each of the pictures shows
 * @param ownCaptions whether a picture that has a caption of its own is shown under it in place of the prompt: so a model learns what of a
 *     picture is the thing, and what is its colour, its place or its ground
 * @param identifier the word of the prompt, and of the captions, that stands for the thing; {@code null} where none is to be looked for
 * @param wordLearningRate how fast the identifier learns as a new word of the text encoder, whose own table stays as it is; 0 for not at all. Gal et al.
 *     (2022), with all that learns besides
 * @param leastStrength the least strength at which a picture of the thing sees the denoiser's LoRA while it learns, drawn between it and 1 for each; those of
 *     the kind see it at 1, and all see a text encoder's at 1. What suffices at half the strength in the scenes of the pictures reaches scenes that they do not show, where the prompt's words move the
 *     network less far. 1 for the full strength always
 * @param classPrompts what the pictures of the kind show, in turn: one prompt, or many of different things
 * @param classWords words for other things of the kind, each of which takes the identifier's place in what the pictures of the thing are shown under: more
 *     such prompts, of which the model learns that it is the word that makes the thing and not the rest of the scene
 * @param classCaptions a data set whose first captions are such prompts too ({@code scenes}); {@code null} for none
 * @param classPictures the folder of the pictures of the kind; those that it lacks are drawn into it; {@code null} for the run's own
 * @param classCount how many pictures of the kind there are to be
 * @param priorWeight what the loss of the pictures of the kind counts beside that of the others; 0 does without them
 * @param classSteps denoising steps of those that are drawn
 * @param classGuidanceScale their guidance; {@code null} for the network's usual one
 */
public record DreamBoothConfig(
        String prompt,
        boolean ownCaptions,
        @Nullable String identifier,
        double wordLearningRate,
        double leastStrength,
        List<String> classPrompts,
        List<String> classWords,
        @Nullable String classCaptions,
        @Nullable String classPictures,
        int classCount,
        double priorWeight,
        int classSteps,
        @Nullable Double classGuidanceScale) {
    /** As diffusers' script, but for the prompts, which have no default. */
    public static final DreamBoothConfig DEFAULT =
            new DreamBoothConfig("", false, null, 0, 1, List.of(), List.of(), null, null, 100, 1, 50, null);

    public DreamBoothConfig {
        Check.notNegative(wordLearningRate, "word_learning_rate");
        Check.inRange(leastStrength, 0, 1, "least_strength");
        Check.positive(classCount, "class_count");
        Check.notNegative(priorWeight, "prior_weight");
        Check.positive(classSteps, "class_steps");
        if (classGuidanceScale != null) {
            Check.finite(classGuidanceScale, "class_guidance_scale");
        }
        classPrompts = List.copyOf(classPrompts);
        classWords = List.copyOf(classWords);
    }

    /** Whether pictures of the kind stand beside the others. */
    boolean hasPrior() {
        return priorWeight > 0;
    }

    /** Whether the identifier is a new word that learns. */
    boolean learnsWord() {
        return wordLearningRate > 0;
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

    /** The least strength at which a picture sees the LoRA, by its label; none where all see it as it is. */
    List<Double> leastStrengths() {
        return leastStrength < 1 ? List.of(leastStrength, 1.0) : List.of();
    }

    /** What of the prompts cannot be, in a sentence; empty where all can. */
    Optional<String> problem() {
        if (prompt.isBlank()) {
            return Optional.of(
                    "dreambooth.prompt is missing: say what the pictures show, such as {dreambooth.prompt}='a photo of a zog'");
        }
        String word = identifier;
        if (learnsWord() && (word == null || word.isBlank())) {
            return Optional.of(
                    "dreambooth.word_learning_rate is " + wordLearningRate + ", but dreambooth.identifier names no word"
                            + " that could learn: name that of the prompt, or set {dreambooth.word_learning_rate}=0");
        }
        if (word != null && !holds(prompt, word)) {
            return Optional.of("dreambooth.prompt '" + prompt + "' does not hold the word '" + word
                    + "' that dreambooth.identifier names: put it into the prompt, or name the word that is there");
        }
        if (word == null && !classWords.isEmpty()) {
            return Optional.of("dreambooth.class_words take the place of the word that dreambooth.identifier names, but"
                    + " it names none: name that of the prompt, or omit {dreambooth.class_words}");
        }
        return hasPrior() && classPrompts.isEmpty() && classWords.isEmpty() && classCaptions == null
                ? Optional.of("dreambooth.class_prompts is missing: say what pictures of the kind show, such as"
                        + " {dreambooth.class_prompts}=['a photo of a thing'], or do without them by"
                        + " {dreambooth.prior_weight}=0")
                : Optional.empty();
    }

    /**
     * What pictures of the kind show by {@link #classWords}.
     *
     * @param shown what the pictures of the thing are shown under
     * @return all texts with one word each, then all with the next: each word comes to each text
     */
    List<String> wordPrompts(List<String> shown) {
        List<String> prompts = new ArrayList<>();
        for (int round = 0; round < classWords.size(); round++) {
            for (int i = 0; i < shown.size(); i++) {
                String word = classWords.get((i + round) % classWords.size());
                prompts.add(place(Objects.requireNonNull(identifier))
                        .matcher(shown.get(i))
                        .replaceAll(Matcher.quoteReplacement(word)));
            }
        }
        return prompts;
    }

    /**
     * What a picture is shown under.
     *
     * @param own its caption; {@code null} where it has none
     * @throws Problem (a wrong request) where the identifier is not in it
     */
    String shownUnder(@Nullable String own, String picture) {
        if (!ownCaptions || own == null) {
            return prompt;
        }
        String word = identifier;
        if (word != null && !holds(own, word)) {
            throw Problem.request(
                    "the caption of " + picture + " is '" + own + "', which does not hold the word '" + word
                            + "' that dreambooth.identifier names: put it into the caption, or set"
                            + " {dreambooth.own_captions}=false");
        }
        return own;
    }

    /** In any letter case, but for a word that learns: its vectors are found as it is written. */
    private boolean holds(String text, String word) {
        return place(word).matcher(text).find();
    }

    private Pattern place(String word) {
        return Pattern.compile(
                "(?<![\\p{L}\\p{N}])" + Pattern.quote(word) + "(?![\\p{L}\\p{N}])",
                learnsWord() ? 0 : Pattern.CASE_INSENSITIVE);
    }

    /** The values on their way to other ones; checked when they are done. */
    public static final class Draft {
        public String prompt;
        public boolean ownCaptions;
        public @Nullable String identifier;
        public double wordLearningRate;
        public double leastStrength;
        public List<String> classPrompts;
        public List<String> classWords;
        public @Nullable String classCaptions;
        public @Nullable String classPictures;
        public int classCount;
        public double priorWeight;
        public int classSteps;
        public @Nullable Double classGuidanceScale;

        private Draft(DreamBoothConfig from) {
            prompt = from.prompt;
            ownCaptions = from.ownCaptions;
            identifier = from.identifier;
            wordLearningRate = from.wordLearningRate;
            leastStrength = from.leastStrength;
            classPrompts = from.classPrompts;
            classWords = from.classWords;
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
                    ownCaptions,
                    identifier,
                    wordLearningRate,
                    leastStrength,
                    classPrompts,
                    classWords,
                    classCaptions,
                    classPictures,
                    classCount,
                    priorWeight,
                    classSteps,
                    classGuidanceScale);
        }
    }
}
