// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.text;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;

/**
 * Which pairs of pieces to join, learnt from texts: Sennrich et al. (2016), Algorithm 1, on the words and letters that CLIP's tokenizer
 * cuts texts into. The most frequent pair is joined; of equally frequent ones the first in the order of their letters.
 */
final class BpeLearner {
    /** Two neighbours. */
    private record Pair(String left, String right) {}

    /** How frequent a pair was when this was noted. */
    private record Count(Pair pair, long times) {}

    private static final Comparator<Count> BEST = Comparator.comparingLong(Count::times)
            .reversed()
            .thenComparing(count -> count.pair().left())
            .thenComparing(count -> count.pair().right());

    private final List<List<String>> words = new ArrayList<>();
    private final List<Long> times = new ArrayList<>();
    private final Map<Pair, Long> counts = new HashMap<>();
    private final Map<Pair, Set<Integer>> places = new HashMap<>();
    private final PriorityQueue<Count> best = new PriorityQueue<>(BEST);

    BpeLearner(Iterable<String> texts) {
        Map<String, Long> found = new TreeMap<>();
        texts.forEach(text -> count(text, found));
        found.forEach((word, often) -> {
            words.add(pieces(word));
            times.add(often);
        });
        for (int word = 0; word < words.size(); word++) {
            note(word, 1);
        }
    }

    private static void count(String text, Map<String, Long> into) {
        TextCleaning cleaning = TextCleaning.TRANSFORMERS;
        Matcher matcher = cleaning.words().matcher(cleaning.clean(text));
        while (matcher.find()) {
            String word = matcher.group();
            if (!word.equals(BpeVocabulary.START) && !word.equals(BpeVocabulary.END)) {
                cleaning.pieces(word).forEach(piece -> into.merge(ByteLetters.of(piece), 1L, Long::sum));
            }
        }
    }

    private static List<String> pieces(String letters) {
        List<String> pieces = new ArrayList<>();
        for (int i = 0; i < letters.length(); i++) {
            pieces.add(letters.charAt(i) + (i == letters.length() - 1 ? BpeVocabulary.WORD_END : ""));
        }
        return pieces;
    }

    /** Adds a word's pairs to the counts, or takes them away. */
    private void note(int word, int sign) {
        List<String> pieces = words.get(word);
        for (int i = 0; i + 1 < pieces.size(); i++) {
            Pair pair = new Pair(pieces.get(i), pieces.get(i + 1));
            long now = counts.merge(pair, sign * times.get(word), Long::sum);
            places.computeIfAbsent(pair, none -> new LinkedHashSet<>()).add(word);
            best.add(new Count(pair, now));
        }
    }

    /**
     * The pairs to join, the first at the beginning.
     *
     * @param pieces how many new pieces they make, at most: there are no more once each word is one piece
     */
    List<String> merges(int pieces) {
        Set<String> made = new HashSet<>();
        List<String> merges = new ArrayList<>();
        while (made.size() < pieces && !best.isEmpty()) {
            Count next = best.poll();
            Pair pair = next.pair();
            if (next.times() > 0 && next.times() == counts.getOrDefault(pair, 0L)) { // else it was noted again since
                merges.add(pair.left() + " " + pair.right());
                made.add(pair.left() + pair.right());
                places.getOrDefault(pair, Set.of()).stream().toList().forEach(word -> join(word, pair));
            }
        }
        return merges;
    }

    private void join(int word, Pair pair) {
        note(word, -1);
        List<String> joined = new ArrayList<>();
        for (String piece : words.get(word)) {
            int last = joined.size() - 1;
            if (last >= 0 && piece.equals(pair.right()) && joined.get(last).equals(pair.left())) {
                joined.set(last, pair.left() + pair.right());
            } else {
                joined.add(piece);
            }
        }
        words.set(word, joined);
        note(word, 1);
    }
}
