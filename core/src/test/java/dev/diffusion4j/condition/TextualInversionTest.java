// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import dev.diffusion4j.text.ClipTokenizer;
import dev.diffusion4j.text.TokenizerFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Learnt words in every form of their files, with what diffusers makes of prompts with them: oracle/golden_words.py. */
class TextualInversionTest {
    private static final Path FOLDER = Objects.requireNonNull(
            Golden.path("text/words/expected.safetensors").getParent());

    @TempDir
    Path temp;

    private final TextParts parts = new TextParts();

    @AfterEach
    void free() {
        parts.close();
    }

    private static List<String> texts(Golden golden, String name) {
        return ((List<?>) Objects.requireNonNull(golden.json("texts").get(name)))
                .stream().map(String::valueOf).toList();
    }

    private static TextConditioner with(TextConditioner conditioner, Path... files) {
        List<TextualInversion> words =
                Stream.of(files).map(TextualInversion::read).toList();
        try {
            return conditioner.withWords(words);
        } finally {
            words.forEach(TextualInversion::close);
        }
    }

    private static Path file(String name) {
        return FOLDER.resolve(name);
    }

    private static Conditioning encoded(Conditioner conditioner, Golden golden, String name) {
        return conditioner.encode(
                texts(golden, name).stream().map(Subject::ofPrompt).toList());
    }

    @Test
    void words_of_all_forms_of_files_give_the_states_of_diffusers() {
        TensorScope.run(() -> {
            try (Golden golden = Golden.open("text/words/expected");
                    TextConditioner conditioner = with(
                            parts.sd("sd1"),
                            file("learned_embeds.bin"),
                            file("any.safetensors"),
                            file("other.pt"),
                            file("easy.safetensors"))) {
                Tensor states = encoded(conditioner, golden, "sd1").get(Conditioning.ENCODER_HIDDEN_STATES);
                assertClose("states", Objects.requireNonNull(states), golden.tensor("sd1"), 1e-5);
            }
        });
    }

    @Test
    void each_encoder_of_two_gets_the_vectors_of_its_width() {
        TensorScope.run(() -> {
            try (Golden golden = Golden.open("text/words/expected");
                    TextConditioner conditioner =
                            with(parts.xl(true), file("inverted.safetensors"), file("small.safetensors"))) {
                Conditioning both = encoded(conditioner, golden, "xl");
                assertClose(
                        "states",
                        Objects.requireNonNull(both.get(Conditioning.ENCODER_HIDDEN_STATES)),
                        golden.tensor("xl.states"),
                        1e-5);
                assertClose(
                        "pooled",
                        Objects.requireNonNull(both.get(Conditioning.TEXT_EMBEDS)),
                        golden.tensor("xl.pooled"),
                        1e-5);
            }
        });
    }

    @Test
    void a_word_of_several_vectors_is_replaced_letter_by_letter() {
        try (Golden golden = Golden.open("text/words/expected")) {
            ClipTokenizer tokenizer = TokenizerFolder.read(Golden.path("text/sd1/tokenizer"))
                    .withWords(List.of("triples", "triples_1", "triples_2"));
            assertThat(texts(golden, "sd1").stream().map(tokenizer::withSuccessors))
                    .containsExactlyElementsOf(texts(golden, "expanded"));
        }
    }

    @Test
    void what_does_not_fit_is_one_line_and_nothing_is_left_behind() {
        TextConditioner one = parts.sd("sd1");
        TextConditioner two = parts.xl(true);
        TensorScope.run(() -> Safetensors.write(
                temp.resolve("ca.safetensors"), Map.of("emb_params", Tensors.of(new float[8], 1, 8)), Map.of()));
        TensorScope.run(() -> Safetensors.write(
                temp.resolve("two.safetensors"),
                Map.of("a", Tensors.of(new float[8], 8), "b", Tensors.of(new float[8], 8)),
                Map.of()));
        one.unread(Subject.ofPrompt(""));
        two.unread(Subject.ofPrompt(""));
        long before = Pointer.totalCount();
        refused(one, "has vectors of 12 numbers, but the text encoder takes 8", file("small.safetensors"));
        refused(one, "for the two text encoders of Stable Diffusion XL", file("inverted.safetensors"));
        refused(one, "for 'ca', which is a token already", temp.resolve("ca.safetensors"));
        refused(two, "for 'easy', which is a token already", file("easy.safetensors"), file("easy.safetensors"));
        refused(one, "holds no word for a text encoder", temp.resolve("two.safetensors"));
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
        with(one, file("easy.safetensors")).close();
        two.close();
    }

    @Test
    void what_is_in_a_file_decides_and_not_its_name() throws IOException {
        Path renamed = temp.resolve("renamed.safetensors");
        Files.copy(file("other.pt"), renamed);
        Path evil = temp.resolve("style.safetensors");
        Files.copy(Golden.path("pickle/evil_zip.bin"), evil);
        try (TextConditioner one = parts.sd("sd1")) {
            refused(one, "calls 'posix.system'", evil);
            for (String whole : List.of("easy.safetensors", "other.pt")) {
                byte[] bytes = Files.readAllBytes(file(whole));
                Path cut = temp.resolve("cut-" + whole);
                Files.write(cut, Arrays.copyOf(bytes, bytes.length - 9));
                refused(one, "", cut);
            }
            with(one, renamed).close();
        }
    }

    private static void refused(TextConditioner conditioner, String message, Path... files) {
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> with(conditioner, files))
                .withMessageContaining(files[0].toString())
                .withMessageContaining(message)
                .satisfies(error -> assertThat(error.getMessage()).doesNotContain("\n"));
    }
}
