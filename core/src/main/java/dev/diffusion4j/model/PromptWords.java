// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Nearest;
import dev.diffusion4j.base.Problem;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A small vocabulary of whole words, as the captions of a data set have them, for a network that learns a row of numbers for each.
 * Token 0 fills up; word i of the list is token i + 1. Case and signs do not count.
 */
public final class PromptWords {
    private static final Pattern BETWEEN = Pattern.compile("[^\\p{L}\\p{N}]+");
    private static final int NAMED = 12;

    private final List<String> words;
    private final Map<String, Integer> tokens = new HashMap<>();
    private final int maxTokens;

    /** @param maxTokens L: words of a prompt that are used; the rest is ignored */
    public PromptWords(List<String> words, int maxTokens) {
        this.words = List.copyOf(words);
        this.maxTokens = Check.positive(maxTokens, "max_tokens");
        for (int i = 0; i < words.size(); i++) {
            Check.that(tokens.put(words.get(i), i + 1) == null, "the word '" + words.get(i) + "' is there twice");
        }
    }

    /** The words of a text, in order, lower case. */
    public static List<String> split(String text) {
        return BETWEEN.splitAsStream(text.toLowerCase(Locale.ROOT))
                .filter(word -> !word.isEmpty())
                .toList();
    }

    /** The most frequent words of captions, in the order of the alphabet. */
    public static List<String> vocabulary(Iterable<String> captions, int most) {
        Map<String, Integer> counts = new HashMap<>();
        captions.forEach(caption -> split(caption).forEach(word -> counts.merge(word, 1, Integer::sum)));
        return counts.entrySet().stream()
                .sorted(Map.Entry.<String, Integer>comparingByValue(Comparator.reverseOrder())
                        .thenComparing(Map.Entry.comparingByKey()))
                .limit(most)
                .map(Map.Entry::getKey)
                .sorted()
                .toList();
    }

    /**
     * A prompt's tokens, L of them; words beyond are left out.
     *
     * @throws Problem (a wrong request) where it is empty, or has a word that is not known
     */
    public long[] encode(String prompt) {
        List<String> parts = split(prompt);
        if (parts.isEmpty()) {
            throw Problem.request("the prompt is empty: say what to draw; this network knows " + some());
        }
        for (String word : parts) {
            if (!tokens.containsKey(word)) {
                throw Problem.request("this network does not know the word '" + word + "'" + Nearest.hint(word, words)
                        + "; it knows " + some());
            }
        }
        return encodeKnown(parts);
    }

    /** A caption's tokens, L of them; unknown words and words beyond are left out, {@code null} is no word at all. */
    public long[] encodeCaption(@Nullable String caption) {
        return encodeKnown(caption == null ? List.of() : split(caption));
    }

    private long[] encodeKnown(List<String> parts) {
        long[] ids = new long[maxTokens];
        int i = 0;
        for (String word : parts) {
            Integer token = tokens.get(word);
            if (token != null && i < maxTokens) {
                ids[i++] = token;
            }
        }
        return ids;
    }

    /** How many words of a prompt are left out. */
    public int beyond(String prompt) {
        return Math.max(0, split(prompt).size() - maxTokens);
    }

    /** All of them, in the order of their tokens. */
    public List<String> words() {
        return words;
    }

    /** L. */
    public int maxTokens() {
        return maxTokens;
    }

    private String some() {
        List<String> first = new ArrayList<>(words.subList(0, Math.min(NAMED, words.size())));
        return String.join(", ", first) + (words.size() > NAMED ? " and " + (words.size() - NAMED) + " more" : "");
    }
}
