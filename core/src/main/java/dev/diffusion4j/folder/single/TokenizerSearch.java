// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder.single;

import dev.diffusion4j.text.ClipTokenizer;
import dev.diffusion4j.text.TokenizerFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds the tokenizers of a single file, which holds none: in the folder of configs, or beside it, as those of a CLIP are found: a folder of
 * that name, a vocabulary of transformers, or OpenAI's file of merges.
 */
final class TokenizerSearch {
    private static final String OPENAI_VOCABULARY = "bpe_simple_vocab_16e6.txt.gz";

    private final Path beside;
    private final ConfigFolder config;

    TokenizerSearch(Path file, ConfigFolder config) {
        beside = Objects.requireNonNull(file.toAbsolutePath().getParent());
        this.config = config;
    }

    /**
     * Those that are at hand.
     *
     * @param parts the networks that there are; a text encoder has a tokenizer
     * @param padding the token that each fills texts up with, where its files do not say
     */
    Map<String, ClipTokenizer> find(Set<String> parts, Map<String, @Nullable Object> padding) {
        Map<String, ClipTokenizer> found = new LinkedHashMap<>();
        for (String part : parts) {
            String name = part.replace("text_encoder", "tokenizer");
            if (!name.equals(part)) {
                tokenizer(name, String.valueOf(padding.get(name))).ifPresent(tokenizer -> found.put(name, tokenizer));
            }
        }
        return found;
    }

    private Optional<ClipTokenizer> tokenizer(String name, String padding) {
        Optional<Path> folder = config.tokenizer(name).or(() -> Optional.of(beside.resolve(name)));
        if (folder.filter(TokenizerFolder::isOne).isPresent()) {
            return folder.map(TokenizerFolder::read);
        }
        Path openAi = beside.resolve(OPENAI_VOCABULARY);
        if (TokenizerFolder.isOne(beside)) {
            return Optional.of(TokenizerFolder.ofVocabulary(beside, padding));
        }
        return Files.exists(openAi) ? Optional.of(TokenizerFolder.ofVocabulary(openAi, padding)) : Optional.empty();
    }
}
