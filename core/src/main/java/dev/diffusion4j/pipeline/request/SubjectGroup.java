// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline.request;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.condition.Subject;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the pictures show, and what they are guided away from.
 *
 * @param classes one a picture, or {@code null}
 * @param prompts one a picture, or {@code null}
 * @param negativeClass a class to guide away from in place of nothing, or {@code null}
 * @param negativePrompts one a picture, what to guide away from in place of nothing, or {@code null}
 */
public record SubjectGroup(
        @Nullable List<Integer> classes,
        @Nullable List<String> prompts,
        @Nullable Integer negativeClass,
        @Nullable List<String> negativePrompts) {
    /** Nothing in particular. */
    public static final SubjectGroup NOTHING = new SubjectGroup(null, null, null, null);

    public SubjectGroup {
        classes = classes == null ? null : List.copyOf(classes);
        prompts = prompts == null ? null : List.copyOf(prompts);
        negativePrompts = negativePrompts == null ? null : List.copyOf(negativePrompts);
        Check.that(
                classes == null || prompts == null,
                "{classes} and {prompts} both say what the pictures show: give one of them");
        Check.that(
                negativeClass == null || negativePrompts == null,
                "{negativeClass} and {negativePrompts} both say what to guide away from: give one of them");
        Check.that(
                negativeClass == null || negativeClass >= 0,
                "{negativeClass} must be at least 0, but was " + negativeClass);
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
        return prompts == null ? Collections.nCopies(count, Subject.NOTHING) : ofPrompts(prompts, first, count);
    }

    /** What pictures {@code first … first+count−1} are guided away from; {@code null} for nothing in particular. */
    public @Nullable List<Subject> negatives(int first, int count) {
        if (negativePrompts != null) {
            return ofPrompts(negativePrompts, first, count);
        }
        return negativeClass == null ? null : Collections.nCopies(count, Subject.ofClass(negativeClass));
    }

    private static List<Subject> ofPrompts(List<String> prompts, int first, int count) {
        return prompts.subList(first, first + count).stream()
                .map(Subject::ofPrompt)
                .toList();
    }

    /** All different ones, for checking. */
    public List<Subject> different() {
        return size() == 0
                ? List.of(Subject.NOTHING)
                : subjects(0, size()).stream().distinct().toList();
    }

    /** Of one picture. */
    SubjectGroup only(int index) {
        return new SubjectGroup(
                classes == null ? null : List.of(classes.get(index)),
                prompts == null ? null : List.of(prompts.get(index)),
                negativeClass,
                negativePrompts == null ? null : List.of(negativePrompts.get(index)));
    }
}
