// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.diffusion4j.json.Json;
import dev.diffusion4j.testing.Golden;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Some three thousand odd strings against transformers and OpenCLIP. */
class ClipTokenizerTest {
    private static ClipTokenizer tokenizer(TextCleaning cleaning) {
        Path file =
                Path.of(System.getProperty("diffusion4j.data", "../shared/data"), "clip/bpe_simple_vocab_16e6.txt.gz");
        assumeTrue(Files.exists(file), file + " is not there");
        return new ClipTokenizer(BpeVocabulary.load(file), cleaning);
    }

    @ParameterizedTest
    @EnumSource
    void equals_the_reference(TextCleaning cleaning) throws IOException {
        ClipTokenizer tokenizer = tokenizer(cleaning);
        List<String> wrong = new ArrayList<>();
        int seen = 0;
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(Golden.path("clip_tokens.jsonl.gz"))),
                StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                Map<String, @Nullable Object> example = Json.parseObject(line, "example");
                if (example.get(cleaning.key()) instanceof List<?> expected) {
                    seen++;
                    String text = String.valueOf(Objects.requireNonNull(example.get("text")));
                    List<Long> actual = tokenizer.encode(text).stream()
                            .map(Integer::longValue)
                            .toList();
                    if (!actual.equals(expected)) {
                        wrong.add(
                                text.codePoints().mapToObj(Integer::toHexString).toList() + " '" + text + "': " + actual
                                        + " instead of " + expected);
                    }
                }
            }
        }
        assertThat(seen).isGreaterThan(2000);
        assertThat(wrong).isEmpty();
    }

    @Test
    void start_end_and_padding() {
        ClipTokenizer transformers = tokenizer(TextCleaning.TRANSFORMERS);
        assertThat(transformers.tokens("a photo", 6).ids()).containsExactly(49406, 320, 1125, 49407, 49407, 49407);
        assertThat(tokenizer(TextCleaning.OPEN_CLIP).tokens("a photo", 6).ids())
                .containsExactly(49406, 320, 1125, 49407, 0, 0);
        ClipTokenizer.Tokens cut = transformers.tokens("word ".repeat(90), ClipTokenizer.LENGTH);
        assertThat(cut.dropped()).hasSize(15);
        assertThat(cut.ids()).hasSize(77).endsWith(49407);
    }
}
