// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.text;

import dev.diffusion4j.base.Check;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a tokenizer is beside its vocabulary.
 *
 * @param start the token at a text's beginning
 * @param end the token at its end
 * @param unknown what stands for letters that the vocabulary does not have
 * @param padding what fills a text up
 * @param maxLength tokens of a text at most, with start and end
 * @param added tokens that are found as a whole, in the order in which they were added; of two with one content the later counts
 * @param others keys of {@code tokenizer_config.json} that change nothing here and are kept
 */
public record TokenizerSettings(
        String start,
        String end,
        String unknown,
        String padding,
        int maxLength,
        List<AddedToken> added,
        Map<String, @Nullable Object> others) {

    /** CLIP's own: every default is written here. */
    public static final TokenizerSettings CLIP = new TokenizerSettings(
            BpeVocabulary.START,
            BpeVocabulary.END,
            BpeVocabulary.END,
            BpeVocabulary.END,
            ClipTokenizer.LENGTH,
            List.of(AddedToken.special(BpeVocabulary.START), AddedToken.special(BpeVocabulary.END)),
            Map.of());

    public TokenizerSettings {
        Check.inRange(maxLength, 3, 1 << 16, "model_max_length");
        added = List.copyOf(added);
        others = Collections.unmodifiableMap(new LinkedHashMap<>(others));
    }

    /** With more words at the end. */
    TokenizerSettings withWords(List<String> words) {
        List<AddedToken> all = new ArrayList<>(added);
        words.stream().map(AddedToken::word).forEach(all::add);
        return new TokenizerSettings(start, end, unknown, padding, maxLength, all, others);
    }

    /** For texts of another length. */
    TokenizerSettings withMaxLength(int value) {
        return new TokenizerSettings(start, end, unknown, padding, value, added, others);
    }

    /** Without an added token. */
    TokenizerSettings without(String content) {
        List<AddedToken> others =
                added.stream().filter(token -> !token.content().equals(content)).toList();
        return new TokenizerSettings(start, end, unknown, padding, maxLength, others, this.others);
    }
}
