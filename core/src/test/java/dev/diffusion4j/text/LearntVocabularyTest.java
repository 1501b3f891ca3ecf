// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.json.Json;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A vocabulary learnt from captions has the pairs of the paper's algorithm, and its tokenizer the tokens of transformers' {@code CLIPTokenizer}. */
class LearntVocabularyTest {
    private static final Map<String, @Nullable Object> GOLDEN =
            Json.readObject(Path.of("src/test/resources/golden/clip_vocabulary.json"));
    private static final int SIZE = Math.toIntExact((Long) Objects.requireNonNull(GOLDEN.get("size")));
    private static final int LENGTH = Math.toIntExact((Long) Objects.requireNonNull(GOLDEN.get("length")));

    private static List<String> texts(String key) {
        return ((List<?>) Objects.requireNonNull(GOLDEN.get(key)))
                .stream().map(String::valueOf).toList();
    }

    @Test
    void has_the_pairs_of_the_papers_algorithm() {
        BpeVocabulary learnt = BpeVocabulary.learn(texts("captions"), SIZE);
        assertThat(learnt.mergesInOrder()).isEqualTo(texts("merges"));
        assertThat(learnt.ids()).hasSize(SIZE);
    }

    @Test
    void its_saved_tokenizer_has_the_tokens_of_transformers(@TempDir Path folder) {
        BpeVocabulary learnt = BpeVocabulary.learn(texts("captions"), SIZE);
        TokenizerFolder.write(folder, new ClipTokenizer(learnt, TextCleaning.TRANSFORMERS).withMaxLength(LENGTH));
        ClipTokenizer read = TokenizerFolder.read(folder);
        assertThat(read.maxLength()).isEqualTo(LENGTH);
        assertThat(read.endId()).isEqualTo(SIZE - 1);
        List<?> ids = (List<?>) Objects.requireNonNull(GOLDEN.get("ids"));
        List<String> texts = texts("texts");
        for (int i = 0; i < texts.size(); i++) {
            assertThat(Arrays.stream(read.tokens(texts.get(i), LENGTH).ids())
                            .asLongStream()
                            .boxed()
                            .toList())
                    .as(texts.get(i))
                    .isEqualTo(ids.get(i));
        }
    }

    @Test
    void is_smaller_where_each_word_has_become_one_piece() {
        BpeVocabulary learnt = BpeVocabulary.learn(List.of("a cat", "A cat"), 2000);
        assertThat(learnt.ids()).hasSize(BpeVocabulary.SMALLEST + 2).containsKey("cat</w>");
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> BpeVocabulary.learn(List.of(), BpeVocabulary.SMALLEST - 1))
                .withMessageContaining("514");
    }
}
