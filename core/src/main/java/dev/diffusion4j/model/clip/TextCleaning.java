// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.clip;

import dev.diffusion4j.base.Keyed;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jsoup.parser.Parser;

/** The two references, which differ in what they do to a text before it is cut into words, and to a picture's odd margins. */
public enum TextCleaning implements Keyed {
    /** transformers: NFC, runs of white space become one blank, lower case letter by letter; padded with the end token. */
    TRANSFORMERS("transformers") {
        private final Pattern words = ClipTokenizer.words(BpeVocabulary.START, BpeVocabulary.END, 0);
        /** The byte-level splitter cuts once more, by GPT-2's words. */
        private final Pattern inner = Pattern.compile(
                "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\p{IsWhite_Space}\\p{L}\\p{N}]+|\\p{IsWhite_Space}+");

        private final Pattern special =
                Pattern.compile(Pattern.quote(BpeVocabulary.START) + "|" + Pattern.quote(BpeVocabulary.END));

        @Override
        List<Part> parts(String text) {
            List<Part> parts = new ArrayList<>();
            Matcher matcher = special.matcher(text);
            int from = 0;
            while (matcher.find()) {
                parts.add(new Part(clean(text.substring(from, matcher.start())), false));
                parts.add(new Part(matcher.group(), true));
                from = matcher.end();
            }
            parts.add(new Part(clean(text.substring(from)), false));
            return parts;
        }

        private String clean(String text) {
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

        @Override
        boolean padsWithEnd() {
            return true;
        }
    },
    /** OpenCLIP: what ftfy mends that users meet, entities, white space, lower case; padded with 0. */
    OPEN_CLIP("open_clip") {
        private final Pattern words = ClipTokenizer.words(START, END, Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE);

        @Override
        List<Part> parts(String text) {
            String mended = Mending.mend(text);
            String plain = Parser.unescapeEntities(Parser.unescapeEntities(mended, false), false);
            String spaced = plain.strip().replaceAll("\\p{IsWhite_Space}+", " ").strip();
            return List.of(new Part(LowerCase.ofWords(spaced), false));
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

        @Override
        boolean padsWithEnd() {
            return false;
        }
    };

    private static final String START = "<start_of_text>";
    private static final String END = "<end_of_text>";

    /** A stretch of text, or a special token that stood in it. */
    record Part(String text, boolean special) {}

    private final String key;

    TextCleaning(String key) {
        this.key = key;
    }

    @Override
    public String key() {
        return key;
    }

    /** Cleaned. */
    abstract List<Part> parts(String text);

    abstract Pattern words();

    /** A word that stands for a special token, under that token's name in the vocabulary; else the word. */
    String name(String word) {
        return word;
    }

    /** What a word is cut into before its bytes are joined. */
    abstract List<String> pieces(String word);

    abstract boolean padsWithEnd();

    /** How much is cut off before the centre of a line that is too long by {@code excess}. */
    long margin(long excess) {
        return padsWithEnd() ? excess / 2 : (long) Math.rint(excess / 2.0);
    }
}
