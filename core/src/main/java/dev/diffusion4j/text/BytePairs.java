// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.concurrent.ConcurrentHashMap;

/** Joins a word's letters to the pieces of a {@link BpeVocabulary}, and remembers words. Thread-safe. */
final class BytePairs {
    private static final int KEPT_WORDS = 10_000;
    private static final int KEPT_LENGTH = 64;

    private final BpeVocabulary vocabulary;
    private final Map<String, List<String>> words = new ConcurrentHashMap<>();

    BytePairs(BpeVocabulary vocabulary) {
        this.vocabulary = vocabulary;
    }

    /** The pieces of a word. */
    List<String> pieces(String word) {
        List<String> known = words.get(word);
        if (known != null) {
            return known;
        }
        List<String> pieces = new Joining(ByteLetters.of(word)).joined();
        if (words.size() < KEPT_WORDS && word.length() <= KEPT_LENGTH) {
            words.put(word, pieces);
        }
        return pieces;
    }

    /** A possible joining of the piece that begins at {@code at} with its neighbour. */
    private record Pair(int rank, int at) {}

    /** One word's pieces, as a list of neighbours; each is kept at the place of its first letter. */
    private final class Joining {
        private final String[] pieces;
        private final int[] next;
        private final int[] before;
        private final PriorityQueue<Pair> pairs =
                new PriorityQueue<>(Comparator.comparingInt(Pair::rank).thenComparingInt(Pair::at));

        Joining(String letters) {
            int count = letters.length();
            pieces = new String[count];
            next = new int[count];
            before = new int[count];
            for (int i = 0; i < count; i++) {
                pieces[i] = letters.charAt(i) + (i == count - 1 ? BpeVocabulary.WORD_END : "");
                next[i] = i + 1;
                before[i] = i - 1;
            }
            for (int i = 0; i + 1 < count; i++) {
                offer(i);
            }
        }

        private int rank(int at) {
            return pieces[at].isEmpty() || next[at] >= pieces.length
                    ? Integer.MAX_VALUE
                    : vocabulary.ranks().getOrDefault(pieces[at] + " " + pieces[next[at]], Integer.MAX_VALUE);
        }

        private void offer(int at) {
            int rank = rank(at);
            if (rank != Integer.MAX_VALUE) {
                pairs.add(new Pair(rank, at));
            }
        }

        /** The pair of the lowest rank, the first of equal ones, is joined until there is none. */
        List<String> joined() {
            for (Pair pair = pairs.poll(); pair != null; pair = pairs.poll()) {
                if (rank(pair.at) == pair.rank) { // else a neighbour was joined with another
                    join(pair.at);
                }
            }
            List<String> left = new ArrayList<>(Arrays.asList(pieces));
            left.removeIf(String::isEmpty);
            return List.copyOf(left);
        }

        private void join(int at) {
            int gone = next[at];
            pieces[at] += pieces[gone];
            pieces[gone] = "";
            next[at] = next[gone];
            if (next[at] < pieces.length) {
                before[next[at]] = at;
                offer(at);
            }
            if (before[at] >= 0) {
                offer(before[at]);
            }
        }
    }
}
