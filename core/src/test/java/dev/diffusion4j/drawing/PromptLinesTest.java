// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Prompts of a file, one a line. */
class PromptLinesTest {
    private static PromptLines read(String text) {
        return PromptLines.of(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), "list");
    }

    @Test
    void lines_are_words_or_json_and_empty_ones_and_remarks_are_left_out(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("prompts.txt");
        String text = "\ufeffa red cat\r\n\n  # not this one\n{a|b} größer\n{\"prompt\": \"# this one \", "
                + "\"negative_prompt\": \"dog\"}\n{\"prompt\": \"\"}";
        Files.writeString(file, text);
        PromptLines lines = PromptLines.of(file);
        assertThat(lines.prompts()).containsExactly("a red cat", "{a|b} größer", "# this one ", "");
        assertThat(lines.negatives(List.of("blurred"))).containsExactly("blurred", "blurred", "dog", "blurred");
        assertThat(lines.seconds(List.of())).isEmpty();
        assertThatThrownBy(() -> lines.negatives(List.of()))
                .hasMessage("promptsFile " + file + ": line 1 has no negative_prompt, but line 5 has one: add it to"
                        + " every line, or give one for all on the command line");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "{\"prompt\": \"a\", \"seed\": 1}; line 2 has the key 'seed', but may have prompt, negative_prompt",
                "{\"prompt\": 3}; line 2 must have a text as prompt, but has 3",
                "{\"negative_prompt\": \"a\"}; line 2 has no prompt",
                "{\"prompt\": \"a\"; list, line 2",
                "--prompt \"a\" --seed 1; line 2 begins with an option, which is not read: write {\"prompt\""
            })
    void a_line_that_cannot_be_read_is_named_by_its_number(String line, String message) {
        assertThatThrownBy(() -> read("a cat\n" + line))
                .hasMessageContaining(message)
                .hasMessageNotContaining("\n");
    }

    @Test
    void what_is_no_list_of_prompts_is_refused_at_once() {
        assertThatThrownBy(() -> read("\n#\n")).hasMessage("list holds no prompt");
        byte[] latin = "caf\u00e9".getBytes(StandardCharsets.ISO_8859_1);
        assertThatThrownBy(() -> PromptLines.of(new ByteArrayInputStream(latin), "list"))
                .hasMessageContaining("line 1 is not UTF-8");
        assertThatThrownBy(() -> read("a\n" + "x".repeat(2 << 20))).hasMessageContaining("line 2 is longer than");
        assertThatThrownBy(() -> read("a\n".repeat(100_001)))
                .hasMessageContaining("line 100001 is one prompt more than the 100000 that are taken");
        assertThatThrownBy(() -> PromptLines.of(Path.of("nowhere/prompts.txt")))
                .hasMessageStartingWith("cannot read promptsFile nowhere");
    }
}
