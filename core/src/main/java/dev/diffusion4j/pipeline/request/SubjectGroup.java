// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline.request;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.condition.Subject;
import dev.diffusion4j.text.LoraTag;
import dev.diffusion4j.text.PromptSyntax;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the pictures show, and what they are guided away from.
 *
 * @param classes one a picture, or {@code null}
 * @param prompts one a picture, or {@code null}
 * @param negativeClass a class to guide away from in place of nothing, or {@code null}
 * @param negativePrompts one a picture, what to guide away from in place of nothing, or {@code null}
 * @param prompts2 one a picture, for the second text encoder of a network that has two; {@code null} for {@code prompts}
 * @param negativePrompts2 the same for {@code negativePrompts}
 * @param clipSkip blocks at the end of text encoders that are left out, counted as diffusers does
 * @param promptSyntax what signs in prompts mean
 * @param loraDir the folder with the adapters that prompts ask for in {@code <lora:name:0.8>}, or {@code null}
 */
public record SubjectGroup(
        @Nullable List<Integer> classes,
        @Nullable List<String> prompts,
        @Nullable Integer negativeClass,
        @Nullable List<String> negativePrompts,
        @Nullable List<String> prompts2,
        @Nullable List<String> negativePrompts2,
        int clipSkip,
        PromptSyntax promptSyntax,
        @Nullable String loraDir) {
    /** Nothing in particular. */
    public static final SubjectGroup NOTHING =
            new SubjectGroup(null, null, null, null, null, null, 0, PromptSyntax.PLAIN, null);

    public SubjectGroup {
        classes = classes == null ? null : List.copyOf(classes);
        prompts = prompts == null ? null : List.copyOf(prompts);
        negativePrompts = negativePrompts == null ? null : List.copyOf(negativePrompts);
        prompts2 = prompts2 == null ? null : List.copyOf(prompts2);
        negativePrompts2 = negativePrompts2 == null ? null : List.copyOf(negativePrompts2);
        Check.notNegative(clipSkip, "{clipSkip}");
        Check.that(prompts2 == null || prompts != null, "{prompt2} is for a second text encoder: give {prompt} too");
        Check.that(
                negativePrompts2 == null || negativePrompts != null,
                "{negativePrompt2} is for a second text encoder: give {negativePrompt} too");
        Check.that(
                classes == null || prompts == null,
                "{classes} and {prompts} both say what the pictures show: give one of them");
        Check.that(
                negativeClass == null || negativePrompts == null,
                "{negativeClass} and {negativePrompts} both say what to guide away from: give one of them");
        Check.that(
                negativeClass == null || negativeClass >= 0,
                "{negativeClass} must be at least 0, but was " + negativeClass);
        Check.that(
                loraDir == null || promptSyntax != PromptSyntax.PLAIN,
                "{loraDir} is for <lora:name:0.8> in prompts, which are words in {promptSyntax} plain: choose a1111 or comfy");
    }

    /** For how many pictures it says something; 0 where it says nothing. */
    public int size() {
        return classes != null ? classes.size() : prompts != null ? prompts.size() : 0;
    }

    /** The field that says what pictures show, for messages. */
    public String field() {
        return prompts != null ? "prompt" : "class";
    }

    /** Of pictures {@code first … first+count−1}, one each. */
    public List<Subject> subjects(int first, int count) {
        if (classes != null) {
            return classes.subList(first, first + count).stream()
                    .map(Subject::ofClass)
                    .toList();
        }
        return prompts == null
                ? Collections.nCopies(count, Subject.NOTHING)
                : ofPrompts(prompts, prompts2, first, count);
    }

    /** What pictures {@code first … first+count−1} are guided away from; {@code null} for nothing in particular. */
    public @Nullable List<Subject> negatives(int first, int count) {
        if (negativePrompts != null) {
            return ofPrompts(negativePrompts, negativePrompts2, first, count);
        }
        return negativeClass == null ? null : Collections.nCopies(count, Subject.ofClass(negativeClass));
    }

    private static List<Subject> ofPrompts(List<String> prompts, @Nullable List<String> second, int first, int count) {
        return IntStream.range(first, first + count)
                .mapToObj(k -> new Subject(null, prompts.get(k), second == null ? null : second.get(k)))
                .toList();
    }

    /** All different ones, for checking. */
    public List<Subject> different() {
        return size() == 0
                ? List.of(Subject.NOTHING)
                : subjects(0, size()).stream().distinct().toList();
    }

    /** All different ones, and what they are guided away from. */
    public List<Subject> all() {
        List<Subject> away = size() == 0 ? null : negatives(0, size());
        return Stream.concat(different().stream(), away == null ? Stream.of() : away.stream())
                .distinct()
                .toList();
    }

    /**
     * The adapters that a picture's prompt asks for.
     *
     * @throws dev.diffusion4j.base.Problem (a wrong request) where the prompt cannot be read
     */
    public List<LoraTag> loras(int picture) {
        return prompts == null
                ? List.of()
                : promptSyntax.parse(prompts.get(picture), "prompt").loras();
    }

    /** How many pictures from {@code first} ask for the same adapters, at most {@code most}. */
    int sameLoras(int first, int most) {
        List<LoraTag> loras = loras(first);
        int count = 1;
        while (count < most && prompts != null && isSame(first, first + count, loras)) {
            count++;
        }
        return prompts == null ? most : count;
    }

    private boolean isSame(int first, int picture, List<LoraTag> loras) {
        List<String> texts = Check.given(prompts, "prompts");
        return texts.get(picture).equals(texts.get(first)) || loras(picture).equals(loras);
    }

    /** Of one picture. */
    SubjectGroup only(int index) {
        return new SubjectGroup(
                only(classes, index),
                only(prompts, index),
                negativeClass,
                only(negativePrompts, index),
                only(prompts2, index),
                only(negativePrompts2, index),
                clipSkip,
                promptSyntax,
                loraDir);
    }

    private static <T> @Nullable List<T> only(@Nullable List<T> all, int index) {
        return all == null ? null : List.of(all.get(index));
    }
}
