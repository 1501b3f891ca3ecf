// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.text;

import dev.diffusion4j.base.Check;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;

/** Texts to tokens. Immutable and thread-safe. */
public final class ClipTokenizer {
    /** CLIP's own length. */
    public static final int LENGTH = 77;

    private final BpeVocabulary vocabulary;
    private final BytePairs pairs;
    private final TextCleaning cleaning;
    private final TokenizerSettings settings;
    private final AddedTokens added;
    private final int padding;

    /** @param cleaning what is done to a text first: the two references differ, in what they pad with too */
    public ClipTokenizer(BpeVocabulary vocabulary, TextCleaning cleaning) {
        this(vocabulary, new BytePairs(vocabulary), cleaning, settings(cleaning));
    }

    /** As transformers has it. */
    ClipTokenizer(BpeVocabulary vocabulary, TokenizerSettings settings) {
        this(vocabulary, new BytePairs(vocabulary), TextCleaning.TRANSFORMERS, settings);
    }

    private ClipTokenizer(
            BpeVocabulary vocabulary, BytePairs pairs, TextCleaning cleaning, TokenizerSettings settings) {
        this.vocabulary = vocabulary;
        this.pairs = pairs;
        this.cleaning = cleaning;
        this.settings = settings;
        added = AddedTokens.of(vocabulary, settings.added(), cleaning::clean);
        padding = cleaning == TextCleaning.OPEN_CLIP ? 0 : id(settings.padding());
    }

    /** OpenCLIP finds its marks among the words. */
    private static TokenizerSettings settings(TextCleaning cleaning) {
        TokenizerSettings clip = TokenizerSettings.CLIP;
        return cleaning == TextCleaning.TRANSFORMERS
                ? clip
                : new TokenizerSettings(
                        clip.start(),
                        clip.end(),
                        clip.unknown(),
                        clip.padding(),
                        clip.maxLength(),
                        List.of(),
                        clip.others());
    }

    /**
     * A text's tokens.
     *
     * @param ids {@code length} of them: start, the text's, end, padding
     * @param used how many are not padding
     * @param dropped those of the text that did not fit
     */
    public record Tokens(int[] ids, int used, List<Integer> dropped) {}

    /** The text's own tokens, however many. */
    public List<Integer> encode(String text) {
        List<Integer> all = new ArrayList<>();
        for (AddedTokens.Part part : added.split(text)) {
            if (part.id() != null) {
                all.add(part.id());
            } else {
                encodeWords(part.text(), all);
            }
        }
        return all;
    }

    private void encodeWords(String cleaned, List<Integer> into) {
        Matcher matcher = cleaning.words().matcher(cleaned);
        while (matcher.find()) {
            String found = matcher.group();
            String name = cleaning.name(found);
            if (!name.equals(found)) {
                into.add(id(name));
                continue;
            }
            for (String word : cleaning.pieces(found)) {
                pairs.pieces(word).forEach(piece -> into.add(id(piece)));
            }
        }
    }

    /** The number of a piece or an added token; that of the unknown where there is none. */
    private int id(String piece) {
        AddedTokens.Numbered numbered = added.byContent().get(piece);
        if (numbered != null) {
            return numbered.id();
        }
        Integer id = vocabulary.ids().get(piece);
        return id != null || piece.equals(settings.unknown()) ? Check.given(id, piece) : id(settings.unknown());
    }

    /** Start, the text's tokens as far as they fit, end, padding. */
    public Tokens tokens(String text, int length) {
        return tokens(encode(text), length);
    }

    /** {@link #tokens(String, int)} of tokens that a text was encoded to. */
    public Tokens tokens(List<Integer> own, int length) {
        int kept = Math.min(own.size(), length - 2);
        int[] ids = new int[length];
        Arrays.fill(ids, padding);
        ids[0] = startId();
        for (int i = 0; i < kept; i++) {
            ids[i + 1] = own.get(i);
        }
        ids[kept + 1] = endId();
        return new Tokens(ids, kept + 2, List.copyOf(own.subList(kept, own.size())));
    }

    /** The ids of {@link #tokens} of all texts, one after the other. */
    public long[] ids(List<String> texts, int length) {
        return texts.stream()
                .flatMapToInt(text -> Arrays.stream(tokens(text, length).ids()))
                .asLongStream()
                .toArray();
    }

    /** The text that tokens stand for, as far as it can be known: lower case, a blank after each word. */
    public String decode(List<Integer> ids) {
        Map<Integer, String> contents = new HashMap<>();
        added.byContent().forEach((content, numbered) -> contents.put(numbered.id(), content));
        Map<Integer, String> pieces = new HashMap<>();
        vocabulary.ids().forEach((piece, id) -> pieces.put(id, piece));
        List<String> tokens = ids.stream()
                .map(id -> contents.getOrDefault(id, pieces.getOrDefault(id, "")))
                .toList();
        return ByteLetters.decode(tokens).replace(BpeVocabulary.WORD_END, " ").strip();
    }

    /** The same with more words that are found as a whole, in any letter case and within words, numbered behind all others. */
    public ClipTokenizer withWords(List<String> words) {
        return new ClipTokenizer(vocabulary, pairs, cleaning, settings.withWords(words));
    }

    /**
     * A text in which each word that was added together with successors, {@code word_1}, {@code word_2}, …, is followed by them; a plain
     * replacement of letters, as diffusers does it: {@code words} becomes {@code word word_1 word_2s}.
     */
    public String withSuccessors(String text) {
        Map<Integer, String> contents = new HashMap<>();
        added.byContent().forEach((content, numbered) -> contents.put(numbered.id(), content));
        Set<String> found = new LinkedHashSet<>();
        for (int id : encode(text)) {
            String content = contents.get(id);
            if (content != null) {
                found.add(content);
            }
        }
        String result = text;
        for (String word : found) {
            StringBuilder all = new StringBuilder(word);
            for (int i = 1; added.byContent().containsKey(successor(word, i)); i++) {
                all.append(' ').append(successor(word, i));
            }
            result = result.replace(word, all);
        }
        return result;
    }

    /** The token of a word's vector {@code index}; the first is the word itself. */
    public static String successor(String word, int index) {
        return index == 0 ? word : word + "_" + index;
    }

    /**
     * The same that reads its padding token as a word where it stands in a text, as the tools with weights do: transformers finds a padding
     * {@code !} as a token of its own.
     */
    public ClipTokenizer withPaddingAsWord() {
        String pad = settings.padding();
        boolean isWord = !pad.equals(settings.end()) && vocabulary.ids().containsKey(pad);
        return isWord ? new ClipTokenizer(vocabulary, pairs, cleaning, settings.without(pad)) : this;
    }

    /** Whether there is a token of that very content. */
    public boolean knows(String content) {
        return added.byContent().containsKey(content) || vocabulary.ids().containsKey(content);
    }

    /** The contents of the tokens that are found as a whole, in the order of adding. */
    public Set<String> addedTokens() {
        return Collections.unmodifiableSet(added.byContent().keySet());
    }

    /** How many tokens there are. */
    public int size() {
        int behind = added.byContent().values().stream()
                .mapToInt(numbered -> numbered.id() + 1)
                .max()
                .orElse(0);
        return Math.max(vocabulary.ids().size(), behind);
    }

    /** Tokens of a text at most, with start and end. */
    public int maxLength() {
        return settings.maxLength();
    }

    /** The same for texts of another length. */
    public ClipTokenizer withMaxLength(int tokens) {
        return new ClipTokenizer(vocabulary, pairs, cleaning, settings.withMaxLength(tokens));
    }

    /** The number of the token at a text's beginning. */
    public int startId() {
        return id(settings.start());
    }

    /** The number of the token at a text's end. */
    public int endId() {
        return id(settings.end());
    }

    /** The number of the token that fills a text up. */
    public int paddingId() {
        return padding;
    }

    /** The pieces of words. */
    public BpeVocabulary vocabulary() {
        return vocabulary;
    }

    /** What it is beside its vocabulary. */
    public TokenizerSettings settings() {
        return settings;
    }

    /** All added tokens with their numbers. */
    AddedTokens added() {
        return added;
    }
}
