// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import org.jspecify.annotations.Nullable;

/**
 * What one picture shows, as people say it. An example of a data set may have both a class and a caption; a {@link Conditioner}
 * takes the one that its network knows.
 *
 * @param classLabel a class from 0, or {@code null}
 * @param prompt words, or {@code null}
 * @param prompt2 words for the second text encoder of a network that has two; {@code null} for those of {@code prompt}
 */
public record Subject(@Nullable Integer classLabel, @Nullable String prompt, @Nullable String prompt2) {
    /** Nothing in particular. */
    public static final Subject NOTHING = new Subject(null, null);

    /** What a {@link Conditioner} takes of a subject. */
    public enum Kind {
        /** Neither class nor prompt. */
        NOTHING,
        /** {@link Subject#classLabel}. */
        CLASS,
        /** {@link Subject#prompt}. */
        PROMPT
    }

    /** A class, a prompt, or both. */
    public Subject(@Nullable Integer classLabel, @Nullable String prompt) {
        this(classLabel, prompt, null);
    }

    /** A picture of a class. */
    public static Subject ofClass(int classLabel) {
        return new Subject(classLabel, null);
    }

    /** A picture of what words say. */
    public static Subject ofPrompt(String prompt) {
        return new Subject(null, prompt);
    }
}
