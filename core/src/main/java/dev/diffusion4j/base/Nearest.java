// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.base;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Finds the word that was probably meant. */
public final class Nearest {
    private Nearest() {}

    /** The closest of {@code words} to {@code word}, if at most about a third of the letters differ. */
    public static Optional<String> to(String word, Collection<String> words) {
        String best = null;
        int bestDistance = Math.max(2, word.length() / 3) + 1;
        for (String candidate : words) {
            int distance = distance(word.toLowerCase(Locale.ROOT), candidate.toLowerCase(Locale.ROOT));
            if (distance < bestDistance) {
                bestDistance = distance;
                best = candidate;
            }
        }
        return Optional.ofNullable(best);
    }

    /** Those of {@code words} that are like {@code word}, by {@link #to}'s measure or because one is within the other; the closest first. */
    public static List<String> of(String word, Collection<String> words, int most) {
        String sought = word.toLowerCase(Locale.ROOT);
        return words.stream()
                .filter(each -> isLike(sought, each.toLowerCase(Locale.ROOT)))
                .sorted(Comparator.comparingInt(each -> distance(sought, each.toLowerCase(Locale.ROOT))))
                .limit(most)
                .toList();
    }

    private static boolean isLike(String sought, String other) {
        return other.contains(sought)
                || sought.contains(other)
                || distance(sought, other) <= Math.max(2, sought.length() / 3);
    }

    /** {@code " (did you mean 'x'?)"}, or nothing. */
    public static String hint(String word, Collection<String> words) {
        return to(word, words).map(found -> " (did you mean '" + found + "'?)").orElse("");
    }

    /** Levenshtein's edit distance. */
    private static int distance(String a, String b) {
        int[] previous = new int[b.length() + 1];
        int[] current = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            current[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int substitution = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                current[j] = Math.min(substitution, 1 + Math.min(previous[j], current[j - 1]));
            }
            int[] swap = previous;
            previous = current;
            current = swap;
        }
        return previous[b.length()];
    }
}
