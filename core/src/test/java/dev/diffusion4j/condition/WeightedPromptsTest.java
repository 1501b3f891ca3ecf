// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import dev.diffusion4j.text.PromptSyntax;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Weighted prompts by the tools' formulas: oracle/golden_weights.py. */
class WeightedPromptsTest {
    private final TextParts parts = new TextParts();

    @AfterEach
    void free() {
        parts.close();
    }

    static Stream<String> cases() {
        try (Golden golden = Golden.open("text/weights")) {
            return List.copyOf(golden.json("cases").keySet()).stream();
        }
    }

    private static Tensor states(Conditioning conditioning) {
        return Objects.requireNonNull(conditioning.get(Conditioning.ENCODER_HIDDEN_STATES));
    }

    private static TextSettings weighted(PromptSyntax syntax) {
        return new TextSettings(0, syntax, null);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void weights_change_states_by_the_formula_of_the_tool(String name) {
        TensorScope.run(() -> {
            try (Golden golden = Golden.open("text/weights")) {
                Map<String, @Nullable Object> texts =
                        Json.object(golden.json("cases").get(name));
                PromptSyntax syntax = Keyed.fromKey(PromptSyntax.class, String.valueOf(texts.get("syntax")), "syntax");
                String pipeline = String.valueOf(texts.get("pipeline"));
                Subject prompt = Subject.ofPrompt(String.valueOf(texts.get("prompt")));
                try (TextConditioner own = pipeline.equals("xl") ? parts.xl(true) : parts.sd(pipeline)) {
                    Conditioner conditioner = own.with(weighted(syntax));
                    conditioner.check(List.of(prompt), "prompt");
                    Conditioning row = conditioner.encode(List.of(prompt));
                    assertClose("states", states(row), golden.tensor(name), 2e-5);
                    if (golden.has(name + ".pooled")) {
                        Tensor pooled = Objects.requireNonNull(row.get(Conditioning.TEXT_EMBEDS));
                        assertClose("pooled", pooled, golden.tensor(name + ".pooled"), 1e-5);
                    }
                    assertThat(conditioner.unread(prompt)).isEmpty();
                }
            }
        });
    }

    @Test
    void prompts_of_different_length_stand_in_one_batch_without_changing_each_other() {
        TensorScope.run(() -> {
            try (TextConditioner own = parts.sd("sd1")) {
                Conditioner conditioner = own.with(weighted(PromptSyntax.A1111));
                Subject one = Subject.ofPrompt("a cat");
                Subject three = Subject.ofPrompt("a BREAK cat BREAK (dog)");
                Conditioning both = conditioner.encode(List.of(one, three));
                Tensor alone = states(conditioner.encode(List.of(one)));
                assertThat(states(both).size(1)).isEqualTo(231);
                assertClose("short", states(both).narrow(0, 0, 1), alone.repeat(1, 3, 1), 0);
                Tensor dropped = states(conditioner.drop(both, Tensors.ofDoubles(0, 1)));
                assertClose(
                        "dropped",
                        dropped.narrow(0, 0, 1),
                        states(conditioner.encode(List.of(Subject.NOTHING))).repeat(1, 3, 1),
                        0);
            }
        });
    }

    @Test
    void a_prompt_of_a_whole_book_is_refused() {
        try (TextConditioner own = parts.sd("sd1")) {
            Conditioner conditioner = own.with(weighted(PromptSyntax.A1111));
            conditioner.check(List.of(Subject.ofPrompt("cat ".repeat(50 * 75))), "prompt");
            assertThatExceptionOfType(Problem.class)
                    .isThrownBy(
                            () -> conditioner.check(List.of(Subject.ofPrompt("cat ".repeat(50 * 75 + 1))), "prompt"))
                    .withMessage("prompt fills 51 chunks of 75 tokens, but at most 50 are taken");
        }
    }

    @Test
    void blocks_are_skipped_for_negatives_too_as_the_tools_do() {
        TensorScope.run(() -> {
            try (TextConditioner own = parts.sd("sd1")) {
                Conditioner conditioner = own.with(new TextSettings(1, PromptSyntax.A1111, null));
                List<Subject> prompt = List.of(Subject.ofPrompt("a (bad:1.2) dog"));
                assertClose("away", states(conditioner.encodeAway(prompt)), states(conditioner.encode(prompt)), 0);
            }
        });
    }

    @Test
    void a_learnt_word_keeps_its_vectors_together_and_comfy_names_it() {
        TensorScope.run(() -> {
            try (TextualInversion triples = TextualInversion.read(Golden.path("text/words/any.safetensors"));
                    TextConditioner own = parts.sd("sd1").withWords(List.of(triples))) {
                Conditioner a1111 = own.with(weighted(PromptSyntax.A1111));
                Conditioner comfy = own.with(weighted(PromptSyntax.COMFY));
                Tensor usual = states(own.encode(List.of(Subject.ofPrompt("a triples cat"))));
                assertClose("a1111", states(a1111.encode(List.of(Subject.ofPrompt("a triples cat")))), usual, 0);
                Subject named = Subject.ofPrompt("a embedding:triples cat");
                comfy.check(List.of(named), "prompt");
                assertClose("comfy", states(comfy.encode(List.of(named))), usual, 0);
                String full = "cat ".repeat(73);
                Tensor moved = states(a1111.encode(List.of(Subject.ofPrompt(full + "triples"))));
                Tensor begun = states(a1111.encode(List.of(Subject.ofPrompt(full + "BREAK triples"))));
                assertClose("next chunk", moved, begun, 0);
                assertThatExceptionOfType(Problem.class)
                        .isThrownBy(() -> comfy.check(List.of(Subject.ofPrompt("embedding:other, cat")), "prompt"))
                        .withMessageContaining("'other'")
                        .withMessageContaining("embedding");
            }
        });
    }
}
