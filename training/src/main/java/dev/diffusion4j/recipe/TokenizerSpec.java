// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.text.BpeVocabulary;
import org.jspecify.annotations.Nullable;

/**
 * Where a CLIP's tokens come from.
 *
 * @param vocabulary how many tokens are learnt from the captions, at most
 * @param captions how many of the captions are looked at
 * @param folder of a tokenizer that is there, in place of learning one; {@code null} for none
 */
public record TokenizerSpec(int vocabulary, int captions, @Nullable String folder) {
    public static final TokenizerSpec DEFAULT = new TokenizerSpec(1024, 20_000, null);

    public TokenizerSpec {
        Check.inRange(vocabulary, BpeVocabulary.SMALLEST, 1 << 20, "vocabulary");
        Check.positive(captions, "captions");
    }

    TokenizerSpec withFolder(String value) {
        return new TokenizerSpec(vocabulary, captions, value);
    }
}
