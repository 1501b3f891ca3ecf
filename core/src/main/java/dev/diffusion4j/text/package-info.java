// SPDX-License-Identifier: Apache-2.0
/**
 * Texts to tokens: {@link dev.diffusion4j.text.ClipTokenizer}, {@link dev.diffusion4j.text.BpeVocabulary} (the pieces of words),
 * {@link dev.diffusion4j.text.TokenizerFolder} (the files of a tokenizer); and prompts to weighted texts:
 * {@link dev.diffusion4j.text.PromptSyntax}. Plain Java, without LibTorch.
 */
@NullMarked
package dev.diffusion4j.text;

import org.jspecify.annotations.NullMarked;
