// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.text;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds {@link AddedToken}s in a text, as the library {@code tokenizers} does: those that are not normalised in the text as given, then
 * the others in the cleaned pieces between them; of several at one place the longest. Immutable.
 */
final class AddedTokens {
    private static final Pattern WORD_LETTER =
            Pattern.compile("[\\p{IsAlphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{IsJoin_Control}]");

    private static final Pattern SPACE = Pattern.compile("\\p{IsWhite_Space}");

    /** A token with its number. */
    record Numbered(AddedToken token, int id) {}

    /**
     * A stretch of a text.
     *
     * @param id of the token that it is; {@code null} for text between tokens
     */
    record Part(String text, @Nullable Integer id) {}

    /** What is looked for: the letters, and the token that they stand for. */
    private record Target(String letters, Numbered numbered) {}

    private final Map<String, Numbered> byContent;
    private final Map<Character, List<Target>> plain;
    private final Map<Character, List<Target>> normalized;
    private final UnaryOperator<String> clean;

    private AddedTokens(Map<String, Numbered> byContent, UnaryOperator<String> clean) {
        this.byContent = byContent;
        this.clean = clean;
        plain = targets(numbered -> !numbered.token.normalized(), UnaryOperator.identity());
        normalized = targets(numbered -> numbered.token.normalized(), clean);
    }

    /**
     * Numbers tokens: as the vocabulary has them, else behind it. A token that is there twice is the last of them.
     *
     * @param clean what is done to a text before normalised tokens are looked for
     */
    static AddedTokens of(BpeVocabulary vocabulary, List<AddedToken> tokens, UnaryOperator<String> clean) {
        Map<String, Numbered> numbered = new LinkedHashMap<>();
        int next = vocabulary.ids().size();
        for (AddedToken token : tokens) {
            if (token.content().isEmpty()) {
                continue;
            }
            Numbered before = numbered.get(token.content());
            Integer known =
                    before != null ? (Integer) before.id : vocabulary.ids().get(token.content());
            int id = known != null ? known : next;
            next = Math.max(next, id + 1);
            numbered.put(token.content(), new Numbered(token, id));
        }
        return new AddedTokens(Collections.unmodifiableMap(numbered), clean);
    }

    private Map<Character, List<Target>> targets(Predicate<Numbered> which, UnaryOperator<String> spelling) {
        Map<Character, List<Target>> targets = new HashMap<>();
        Stream.of(true, false) // where two are spelt alike, a special one is found
                .flatMap(special -> byContent.values().stream().filter(numbered -> numbered.token.special() == special))
                .filter(which)
                .map(numbered -> new Target(spelling.apply(numbered.token.content()), numbered))
                .filter(target -> !target.letters.isEmpty())
                .forEach(target -> targets.computeIfAbsent(target.letters.charAt(0), first -> new ArrayList<>())
                        .add(target));
        targets.values().forEach(all -> all.sort(Comparator.comparing(target -> -target.letters.length())));
        return targets;
    }

    /** By content, in the order of adding. */
    Map<String, Numbered> byContent() {
        return byContent;
    }

    /** The text in pieces; those between tokens are cleaned. */
    List<Part> split(String text) {
        List<Part> parts = new ArrayList<>();
        for (Part part : find(text, plain)) {
            parts.addAll(part.id != null ? List.of(part) : find(clean.apply(part.text), normalized));
        }
        return parts;
    }

    private static List<Part> find(String text, Map<Character, List<Target>> targets) {
        List<Part> parts = new ArrayList<>();
        int from = 0;
        int at = 0;
        while (at < text.length()) {
            Target found = at(text, at, targets);
            if (found == null) {
                at++;
                continue;
            }
            AddedToken token = found.numbered.token;
            int end = at + found.letters.length();
            if (!token.singleWord() || isSingleWord(text, at, end)) {
                int start = token.lstrip() ? Math.max(from, spacesBefore(text, at)) : at;
                int stop = token.rstrip() ? spacesAfter(text, end) : end;
                if (start > from) {
                    parts.add(new Part(text.substring(from, start), null));
                }
                parts.add(new Part(text.substring(start, stop), found.numbered.id));
                from = stop;
                end = Math.max(end, stop);
            }
            at = end;
        }
        if (from < text.length()) {
            parts.add(new Part(text.substring(from), null));
        }
        return parts;
    }

    private static @Nullable Target at(String text, int at, Map<Character, List<Target>> targets) {
        for (Target target : targets.getOrDefault(text.charAt(at), List.of())) {
            if (text.startsWith(target.letters, at)) {
                return target;
            }
        }
        return null;
    }

    private static boolean isSingleWord(String text, int start, int end) {
        boolean before = start > 0
                && WORD_LETTER
                        .matcher(Character.toString(text.codePointBefore(start)))
                        .matches();
        boolean after = end < text.length()
                && WORD_LETTER
                        .matcher(Character.toString(text.codePointAt(end)))
                        .matches();
        return !before && !after;
    }

    private static int spacesBefore(String text, int at) {
        int start = at;
        while (start > 0 && isSpace(text.charAt(start - 1))) {
            start--;
        }
        return start;
    }

    private static int spacesAfter(String text, int at) {
        int end = at;
        while (end < text.length() && isSpace(text.charAt(end))) {
            end++;
        }
        return end;
    }

    private static boolean isSpace(char letter) {
        return SPACE.matcher(Character.toString(letter)).matches();
    }
}
