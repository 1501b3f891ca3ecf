// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.base.Problem;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What signs in prompts mean; how that changes a network's states is in WeightedPromptsTest. */
class PromptSyntaxTest {
    private static void assertReads(PromptSyntax syntax, String prompt, Object... textsAndWeights) {
        List<WeightedText> texts = syntax.parse(prompt, "prompt").texts();
        assertThat(texts).as(prompt).hasSize(textsAndWeights.length / 2);
        for (int i = 0; i < texts.size(); i++) {
            assertThat(texts.get(i).text()).as(prompt).isEqualTo(textsAndWeights[2 * i]);
            assertThat(texts.get(i).weight())
                    .as(prompt)
                    .isCloseTo(((Number) textsAndWeights[2 * i + 1]).doubleValue(), within(1e-12));
        }
    }

    /** The examples in the documentation of A1111's {@code parse_prompt_attention}. */
    @Test
    void a1111_reads_the_examples_of_its_documentation() {
        PromptSyntax syntax = PromptSyntax.A1111;
        assertReads(syntax, "normal text", "normal text", 1);
        assertReads(syntax, "an (important) word", "an ", 1, "important", 1.1, " word", 1);
        assertReads(syntax, "(unbalanced", "unbalanced", 1.1);
        assertReads(syntax, "\\(literal\\]", "(literal]", 1);
        assertReads(syntax, "(unnecessary)(parens)", "unnecessaryparens", 1.1);
        assertReads(
                syntax,
                "a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).",
                "a ",
                1,
                "house",
                1.573,
                " ",
                1.1,
                "on",
                1,
                " a ",
                1.1,
                "hill",
                0.55,
                ", sun, ",
                1.1,
                "sky",
                1.4641,
                ".",
                1.1);
    }

    @Test
    void a1111_breaks_and_odd_brackets() {
        PromptSyntax syntax = PromptSyntax.A1111;
        assertReads(syntax, "", "", 1);
        assertReads(syntax, "a) b] c:1.2) d: e", "a) b] c:1.2) d: e", 1);
        assertReads(syntax, "back\\slash \\\\", "backslash \\", 1);
        assertReads(syntax, "a: (b : 1.5 )", "a: ", 1, "b ", 1.5);
        List<WeightedText> texts =
                syntax.parse("(a BREAK b:1.2) BREAKING", "prompt").texts();
        assertThat(texts).extracting(WeightedText::isBreak).containsExactly(false, true, false, false);
        assertThat(texts.get(2)).isEqualTo(new WeightedText("b", 1.2));
    }

    @Test
    void comfy_takes_the_inner_number_as_it_is() {
        PromptSyntax syntax = PromptSyntax.COMFY;
        assertReads(
                syntax,
                "(a (b:1.2) c:1.5) (d) ((e))",
                "a ",
                1.5,
                "b",
                1.2,
                " c",
                1.5,
                " ",
                1,
                "d",
                1.1,
                " ",
                1,
                "e",
                1.21);
        assertReads(syntax, "\\(a\\) [b] (c:d) (e", "(a) [b] ", 1, "c:d", 1.1, " ", 1, "(e", 1);
        assertReads(syntax, "a) (b)", "a) (b)", 1);
    }

    @Test
    void a_plain_prompt_is_words_alone() {
        assertReads(PromptSyntax.PLAIN, "(a:1.2) [b|c] AND <lora:x:1>", "(a:1.2) [b|c] AND <lora:x:1>", 1);
    }

    @ParameterizedTest
    @EnumSource(names = {"A1111", "COMFY"})
    void adapters_are_handed_out(PromptSyntax syntax) {
        ParsedPrompt parsed =
                syntax.parse("a <lora:my style:0.8>cat<lora:b><lyco:c:0.5:-1><lora:d:0.2:unet=2>", "prompt");
        assertThat(parsed.loras())
                .containsExactly(
                        new LoraTag("my style", 0.8, 0.8),
                        new LoraTag("b", 1, 1),
                        new LoraTag("c", 0.5, -1),
                        new LoraTag("d", 0.2, 2));
        assertThat(parsed.texts()).containsExactly(new WeightedText("a cat", 1));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "a [cat:dog:0.5] b; [cat:dog:0.5]",
                "[a:10]; [a:10]",
                "a [in front::0.6]; [in front::0.6]",
                "[(a:1.2)|b]; [(a:1.2)|b]",
                "cat AND dog; AND",
                "a <hypernet:x:1>; <hypernet:x:1>",
                "a <lora:x:y>; <lora:x:y>",
                "a <lora:x:1:1:8>; <lora:x:1:1:8>",
                "a <lora:x:dyn=8>; <lora:x:dyn=8>"
            })
    void what_is_not_supported_is_refused_by_name(String prompt, String named) {
        for (PromptSyntax syntax : List.of(PromptSyntax.A1111, PromptSyntax.COMFY)) {
            assertThatExceptionOfType(Problem.class)
                    .isThrownBy(() -> syntax.parse(prompt, "negativePrompt"))
                    .withMessageStartingWith("negativePrompt has '" + named + "'");
        }
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> PromptSyntax.A1111.parse("(a:1.2.3)", "prompt"))
                .withMessageContaining("1.2.3");
    }

    @ParameterizedTest
    @EnumSource(names = {"A1111", "COMFY"})
    void endless_brackets_and_weights_are_refused_in_no_time(PromptSyntax syntax) {
        String many = "(a".repeat(20_000);
        for (String prompt : List.of(many, many + ")".repeat(20_000), "(a:" + "9".repeat(400) + ")", "<lora:a:1001>")) {
            assertThatExceptionOfType(Problem.class).isThrownBy(() -> syntax.parse(prompt, "prompt"));
        }
        assertReads(
                syntax,
                "(".repeat(100) + "a" + ":0.5)".repeat(99) + ":2)",
                "a",
                syntax == PromptSyntax.COMFY ? 0.5 : 2 * Math.pow(0.5, 99));
    }

    @ParameterizedTest
    @CsvSource({"[a:b]", "\\[a|b\\]", "a|b", "sand AND_", "(a|b)", "time 12:30"})
    void what_only_looks_so_is_words(String prompt) {
        assertThat(PromptSyntax.A1111.parse(prompt, "prompt").texts()).isNotEmpty();
    }

    @Test
    void tags_of_some_adapters_are_left_out_and_the_rest_stays_as_it_is_written() {
        String prompt = "a (cat:1.2) <lora:mine:0.5>, <lora:other:te=0.5:unet=1> <lyco: mine :1>";
        assertThat(PromptSyntax.A1111.without(prompt, "mine"::equals))
                .isEqualTo("a (cat:1.2) , <lora:other:te=0.5:unet=1> ");
        assertThat(PromptSyntax.PLAIN.without(prompt, "mine"::equals)).isEqualTo(prompt);
    }
}
