// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.clip;

import dev.diffusion4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Tensor;

/** Texts to tokens. Thread-safe. */
public final class ClipTokenizer {
    /** CLIP's own length. */
    public static final int LENGTH = 77;

    private static final int KEPT_WORDS = 10_000;

    private final BpeVocabulary vocabulary;
    private final TextCleaning cleaning;
    private final Map<String, List<Integer>> words = new ConcurrentHashMap<>();

    /** @param cleaning what is done to a text first: the two references differ */
    public ClipTokenizer(BpeVocabulary vocabulary, TextCleaning cleaning) {
        this.vocabulary = vocabulary;
        this.cleaning = cleaning;
    }

    /**
     * A text's tokens.
     *
     * @param ids {@code length} of them: start, the text's, end, padding
     * @param used how many are not padding
     * @param cut how many of the text's own tokens did not fit
     */
    public record Tokens(int[] ids, int used, int cut) {}

    /** The text's own tokens, however many. */
    public List<Integer> encode(String text) {
        List<Integer> all = new ArrayList<>();
        for (TextCleaning.Part part : cleaning.parts(text)) {
            if (part.special()) {
                all.add(vocabulary.id(part.text()));
                continue;
            }
            Matcher matcher = cleaning.words().matcher(part.text());
            while (matcher.find()) {
                String found = matcher.group();
                String name = cleaning.name(found);
                if (!name.equals(found)) {
                    all.add(vocabulary.id(name));
                    continue;
                }
                for (String piece : cleaning.pieces(found)) {
                    all.addAll(word(piece));
                }
            }
        }
        return all;
    }

    /** Start, the text's tokens as far as they fit, end, padding. */
    public Tokens tokens(String text, int length) {
        List<Integer> own = encode(text);
        int kept = Math.min(own.size(), length - 2);
        int[] ids = new int[length];
        Arrays.fill(ids, cleaning.padsWithEnd() ? vocabulary.end() : 0);
        ids[0] = vocabulary.start();
        for (int i = 0; i < kept; i++) {
            ids[i + 1] = own.get(i);
        }
        ids[kept + 1] = vocabulary.end();
        return new Tokens(ids, kept + 2, own.size() - kept);
    }

    /** @return {@code int64 (texts, length)}, a new tensor */
    public Tensor tensor(List<String> texts, int length) {
        long[] all = new long[texts.size() * length];
        for (int i = 0; i < texts.size(); i++) {
            int[] ids = tokens(texts.get(i), length).ids();
            for (int k = 0; k < length; k++) {
                all[i * length + k] = ids[k];
            }
        }
        return Tensors.ofLongs(all).view(texts.size(), length);
    }

    private List<Integer> word(String text) {
        List<Integer> known = words.get(text);
        if (known != null) {
            return known;
        }
        List<Integer> ids =
                join(ByteLetters.of(text)).stream().map(vocabulary::id).toList();
        if (words.size() < KEPT_WORDS) {
            words.put(text, ids);
        }
        return ids;
    }

    /** Joins the pair of the lowest rank, all over the word, until none is left. */
    private List<String> join(String letters) {
        List<String> pieces = new ArrayList<>();
        for (int i = 0; i < letters.length(); i++) {
            pieces.add(letters.charAt(i) + (i == letters.length() - 1 ? BpeVocabulary.WORD_END : ""));
        }
        while (pieces.size() > 1) {
            int best = Integer.MAX_VALUE;
            for (int i = 0; i + 1 < pieces.size(); i++) {
                best = Math.min(best, rank(pieces, i));
            }
            if (best == Integer.MAX_VALUE) {
                break;
            }
            List<String> joined = new ArrayList<>(pieces.size());
            for (int i = 0; i < pieces.size(); i++) {
                if (i + 1 < pieces.size() && rank(pieces, i) == best) {
                    joined.add(pieces.get(i) + pieces.get(i + 1));
                    i++;
                } else {
                    joined.add(pieces.get(i));
                }
            }
            pieces = joined;
        }
        return pieces;
    }

    private int rank(List<String> pieces, int at) {
        return vocabulary.ranks().getOrDefault(pieces.get(at) + " " + pieces.get(at + 1), Integer.MAX_VALUE);
    }

    /**
     * The words that all references agree on: contractions, runs of letters, single digits, runs of other signs.
     *
     * @param flags of {@link Pattern}: transformers looks at lower case alone, OpenCLIP takes a long s for an s
     */
    static Pattern words(String start, String end, int flags) {
        return Pattern.compile(
                Pattern.quote(start) + "|" + Pattern.quote(end)
                        + "|'s|'t|'re|'ve|'m|'ll|'d|\\p{L}+|\\p{N}|[^\\p{IsWhite_Space}\\p{L}\\p{N}]+",
                flags);
    }
}
