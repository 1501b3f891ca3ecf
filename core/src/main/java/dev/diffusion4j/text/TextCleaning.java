// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.text;

import dev.diffusion4j.base.Keyed;
import java.text.Normalizer;
import java.util.List;
import java.util.regex.Pattern;
import org.jsoup.parser.Parser;

/** The two references, which differ in what they do to a text before it is cut into words. */
public enum TextCleaning implements Keyed {
    /** transformers: NFC, runs of white space become one blank, lower case letter by letter. */
    TRANSFORMERS("transformers") {
        private final Pattern words = wordsOf(BpeVocabulary.START, BpeVocabulary.END, 0);
        /** The byte-level splitter cuts once more, by GPT-2's words. */
        private final Pattern inner = Pattern.compile(
                "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\p{IsWhite_Space}\\p{L}\\p{N}]+|\\p{IsWhite_Space}+");

        @Override
        String clean(String text) {
            String composed = Normalizer.normalize(text, Normalizer.Form.NFC);
            String spaced = composed.replaceAll("\\p{IsWhite_Space}+", " ");
            return LowerCase.ofLetters(spaced);
        }

        @Override
        Pattern words() {
            return words;
        }

        @Override
        List<String> pieces(String word) {
            return inner.matcher(word).results().map(found -> found.group()).toList();
        }
    },
    /** OpenCLIP: what ftfy mends that users meet, entities, white space, lower case. */
    OPEN_CLIP("open_clip") {
        private final Pattern words = wordsOf(START, END, Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE);

        @Override
        String clean(String text) {
            String mended = Mending.mend(text);
            String plain = Parser.unescapeEntities(Parser.unescapeEntities(mended, false), false);
            String spaced = plain.strip().replaceAll("\\p{IsWhite_Space}+", " ").strip();
            return LowerCase.ofWords(spaced);
        }

        @Override
        String name(String word) {
            return word.equals(START) ? BpeVocabulary.START : word.equals(END) ? BpeVocabulary.END : word;
        }

        @Override
        Pattern words() {
            return words;
        }

        @Override
        List<String> pieces(String word) {
            return List.of(word);
        }
    };

    private static final String START = "<start_of_text>";
    private static final String END = "<end_of_text>";

    private final String key;

    TextCleaning(String key) {
        this.key = key;
    }

    @Override
    public String key() {
        return key;
    }

    /** What is left of a text for cutting it into words. */
    abstract String clean(String text);

    abstract Pattern words();

    /** A word that stands for a special token, under that token's name in the vocabulary; else the word. */
    String name(String word) {
        return word;
    }

    /** What a word is cut into before its bytes are joined. */
    abstract List<String> pieces(String word);

    /**
     * The words that all references agree on: contractions, runs of letters, single digits, runs of other signs.
     *
     * @param flags of {@link Pattern}: transformers looks at lower case alone, OpenCLIP takes a long s for an s
     */
    private static Pattern wordsOf(String start, String end, int flags) {
        return Pattern.compile(
                Pattern.quote(start) + "|" + Pattern.quote(end)
                        + "|'s|'t|'re|'ve|'m|'ll|'d|\\p{L}+|\\p{N}|[^\\p{IsWhite_Space}\\p{L}\\p{N}]+",
                flags);
    }
}
