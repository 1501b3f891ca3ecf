// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.testing.Golden;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokenizer folders as they lie on the Hub; oracle/golden_text_tokens.py has the tokens of 10,000 odd strings by transformers. */
class TokenizerFolderTest {
    private static final int COUNT = 10_000;
    private static final int BLOCK = 100;
    private static final Map<String, @Nullable Object> GOLDEN = Json.readObject(Golden.path("text/tokens.json"));

    @TempDir
    Path folder;

    private static BpeVocabulary vocabulary() {
        Path file =
                Path.of(System.getProperty("diffusion4j.data", "../shared/data"), "clip/bpe_simple_vocab_16e6.txt.gz");
        assumeTrue(Files.exists(file), file + " is not there");
        return BpeVocabulary.load(file);
    }

    private static List<?> list(Map<String, @Nullable Object> from, String name) {
        return (List<?>) Objects.requireNonNull(from.get(name));
    }

    private static Map<String, @Nullable Object> object(Map<String, @Nullable Object> from, String name) {
        return Json.object(from.get(name));
    }

    /** Knuth's MMIX generator, as in the oracle. */
    private static final class Draw {
        private long state = 2026;

        int below(int bound) {
            state = state * 6364136223846793005L + 1442695040888963407L;
            return (int) ((state >>> 33) % bound);
        }
    }

    private static List<String> strings() {
        List<?> words = list(GOLDEN, "words");
        int[] letters = list(GOLDEN, "ranges").stream()
                .map(range -> (List<?>) range)
                .flatMapToInt(range ->
                        IntStream.rangeClosed(((Long) range.get(0)).intValue(), ((Long) range.get(1)).intValue()))
                .toArray();
        String[] glue = {"", " ", "  ", "\n"};
        Draw draw = new Draw();
        List<String> all = new ArrayList<>();
        for (int i = 0; i < COUNT; i++) {
            int kind = draw.below(4);
            int count = 1 + draw.below(9);
            List<String> pieces = new ArrayList<>();
            for (int k = 0; k < count; k++) {
                boolean word = kind < 2 || kind == 3 && draw.below(2) == 0;
                pieces.add(
                        word
                                ? String.valueOf(words.get(draw.below(words.size())))
                                : Character.toString(letters[draw.below(letters.length)]));
            }
            all.add(String.join(glue[draw.below(glue.length)], pieces));
        }
        return all;
    }

    /** All tokens of a string, and those of 77 places. */
    private static String line(ClipTokenizer tokenizer, String text) {
        List<Integer> own = new ArrayList<>(tokenizer.encode(text));
        int[] fixed = tokenizer.tokens(own, tokenizer.maxLength()).ids();
        own.add(0, tokenizer.startId());
        own.add(tokenizer.endId());
        return own.stream().map(String::valueOf).collect(Collectors.joining(" ")) + " | "
                + Arrays.stream(fixed).mapToObj(String::valueOf).collect(Collectors.joining(" ")) + "\n";
    }

    private static String hash(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest).substring(0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The folder as it lies on the Hub; {@code bare} is a {@code tokenizer.json} alone, as transformers 5 saves. */
    private ClipTokenizer tokenizer(String name) throws IOException {
        TokenizerFolder.write(folder, new ClipTokenizer(vocabulary(), TextCleaning.TRANSFORMERS));
        for (String file : List.of("tokenizer_config.json", "special_tokens_map.json")) {
            Files.delete(folder.resolve(file));
        }
        for (String file : name.equals("bare") ? List.of("vocab.json", "merges.txt") : List.of("tokenizer.json")) {
            Files.delete(folder.resolve(file));
        }
        for (Map.Entry<String, @Nullable Object> file :
                object(object(GOLDEN, "configs"), name).entrySet()) {
            Files.writeString(folder.resolve(file.getKey()), Json.compact(file.getValue()));
        }
        return TokenizerFolder.read(folder);
    }

    @ParameterizedTest
    @ValueSource(strings = {"sd1", "sd2", "xl2", "bare", "words"})
    void tokens_of_odd_strings_equal_those_of_transformers(String name) throws IOException {
        ClipTokenizer tokenizer = tokenizer(name);
        List<String> strings = strings();
        List<?> hashes = list(object(GOLDEN, "hashes"), name);
        List<Integer> wrong = new ArrayList<>();
        for (int block = 0; block < COUNT / BLOCK; block++) {
            String lines = strings.subList(block * BLOCK, (block + 1) * BLOCK).stream()
                    .map(text -> line(tokenizer, text))
                    .collect(Collectors.joining());
            if (!hash(lines).equals(hashes.get(block))) {
                wrong.add(block);
            }
        }
        assertThat(wrong).as("blocks of " + BLOCK + " strings").isEmpty();
        object(object(GOLDEN, "dropped"), name).forEach((index, dropped) -> {
            ClipTokenizer.Tokens tokens = tokenizer.tokens(strings.get(Integer.parseInt(index)), 77);
            assertThat(tokenizer.decode(tokens.dropped())).isEqualTo(dropped);
        });

        TokenizerFolder.write(folder, tokenizer);
        ClipTokenizer again = TokenizerFolder.read(folder);
        assertThat(strings.subList(0, 500))
                .allSatisfy(text -> assertThat(line(again, text)).isEqualTo(line(tokenizer, text)));
        assertThat(again.settings().others()).isEqualTo(tokenizer.settings().others());
    }

    @Test
    void a_word_of_a_megabyte_is_cut_in_no_time() {
        ClipTokenizer tokenizer = new ClipTokenizer(vocabulary(), TextCleaning.TRANSFORMERS);
        String word = "abcdefgh".repeat(1 << 17);
        List<Integer> tokens = tokenizer.encode(word);
        assertThat(tokenizer.decode(tokens)).isEqualTo(word);
    }

    @Test
    void what_python_saved_as_tokenizer_json_alone_is_read() {
        ClipTokenizer tokenizer = TokenizerFolder.read(Golden.path("tiny-latent/tokenizer"));
        assertThat(tokenizer.maxLength()).isEqualTo(8);
        assertThat(tokenizer.tokens("Abc 1", 8).ids()).containsExactly(52, 0, 1, 28, 53, 53, 53, 53); // 1 is unknown
    }

    @Test
    void a_tokenizer_of_another_kind_is_refused_by_name() throws IOException {
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"tokenizer_class\": \"T5Tokenizer\"}");
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> TokenizerFolder.read(folder))
                .withMessageContaining("T5Tokenizer");
        Files.delete(folder.resolve("tokenizer_config.json"));
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> TokenizerFolder.read(folder))
                .withMessageContaining("vocab.json with merges.txt, or tokenizer.json");
    }
}
