// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import dev.diffusion4j.text.PromptSyntax;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What diffusers' pipelines make of prompts: oracle/golden_prompts.py. */
class TextConditionerTest {
    private static final TextSettings SKIP = new TextSettings(1, PromptSyntax.PLAIN, null);

    private final TextParts parts = new TextParts();

    @AfterEach
    void free() {
        parts.close();
    }

    private static List<String> texts(Golden golden, String name) {
        return ((List<?>) Objects.requireNonNull(golden.json("texts").get(name)))
                .stream().map(String::valueOf).toList();
    }

    private static List<Subject> subjects(Golden golden, String name) {
        return texts(golden, name).stream().map(Subject::ofPrompt).toList();
    }

    private static Tensor states(Conditioning conditioning) {
        return Objects.requireNonNull(conditioning.get(Conditioning.ENCODER_HIDDEN_STATES));
    }

    private static Tensor pooled(Conditioning conditioning) {
        return Objects.requireNonNull(conditioning.get(Conditioning.TEXT_EMBEDS));
    }

    private static Conditioning dropped(Conditioner conditioner, Conditioning conditioning, double... keep) {
        return conditioner.drop(conditioning, Tensors.ofDoubles(keep));
    }

    @ParameterizedTest
    @ValueSource(strings = {"sd1", "sd2"})
    void one_encoder_gives_what_stable_diffusion_attends_to(String name) {
        TensorScope.run(() -> {
            try (Golden golden = Golden.open("text/prompts");
                    TextConditioner conditioner = parts.sd(name)) {
                Conditioning with = conditioner.encode(subjects(golden, "prompts"));
                assertThat(with.names()).containsExactly(Conditioning.ENCODER_HIDDEN_STATES);
                assertClose("prompts", states(with), golden.tensor(name + ".states"), 1e-5);
                Tensor empty = golden.tensor(name + ".empty");
                assertClose("none", states(dropped(conditioner, with, 0, 0)).narrow(0, 1, 1), empty, 1e-5);
                Tensor mixed = states(dropped(conditioner, with, 1, 0));
                assertClose("kept", mixed.narrow(0, 0, 1), states(with).narrow(0, 0, 1), 0);
                assertClose("dropped", mixed.narrow(0, 1, 1), empty, 1e-5);
                assertClose("nothing", states(conditioner.encode(List.of(Subject.NOTHING))), empty, 1e-5);
            }
        });
    }

    @Test
    void blocks_are_skipped_for_prompts_but_not_for_negative_ones_and_a_long_prompt_is_cut() {
        TensorScope.run(() -> {
            try (Golden golden = Golden.open("text/prompts");
                    TextConditioner conditioner = parts.sd("sd1")) {
                List<Subject> prompts = subjects(golden, "prompts");
                Conditioner skipping = conditioner.with(SKIP);
                assertClose("one", states(skipping.encode(prompts)), golden.tensor("sd1.skip1"), 1e-5);
                assertClose(
                        "negative",
                        states(skipping.encodeAway(subjects(golden, "negatives"))),
                        golden.tensor("sd1.negatives"),
                        1e-5);
                Tensor two = states(conditioner
                        .with(new TextSettings(2, PromptSyntax.PLAIN, null))
                        .encode(prompts));
                assertClose("two", two.narrow(0, 0, 1), golden.tensor("sd1.skip2"), 1e-5);

                Subject longOne =
                        Subject.ofPrompt(String.valueOf(golden.json("texts").get("long")));
                assertClose("long", states(conditioner.encode(List.of(longOne))), golden.tensor("sd1.long"), 1e-5);
                assertThat(conditioner.unread(longOne))
                        .containsExactly("a text encoder reads 75 tokens of a prompt; it does not read '"
                                + "red dog and ".repeat(5).strip() + "'");
                assertThat(conditioner.unread(prompts.get(0))).isEmpty();
            }
        });
    }

    @Test
    void two_encoders_are_joined_with_the_pooled_text_of_the_second() {
        TensorScope.run(() -> {
            try (Golden golden = Golden.open("text/prompts");
                    TextConditioner zeros = parts.xl(true);
                    TextConditioner empty = parts.xl(false)) {
                List<Subject> prompts = subjects(golden, "prompts");
                Conditioning with = zeros.encode(prompts);
                assertClose("states", states(with), golden.tensor("xl.states"), 1e-5);
                assertClose("pooled", pooled(with), golden.tensor("xl.pooled"), 1e-5);
                Conditioning none = dropped(zeros, with, 0, 0);
                assertThat(Tensors.floats(states(none))).containsOnly(0).hasSize(2 * 77 * 20);
                assertThat(Tensors.floats(pooled(none))).containsOnly(0);

                List<String> second = texts(golden, "second");
                List<Subject> both = List.of(
                        new Subject(null, texts(golden, "prompts").get(0), second.get(0)),
                        new Subject(null, texts(golden, "prompts").get(1), second.get(1)));
                Conditioning other = empty.encode(both);
                assertClose("second", states(other), golden.tensor("xl.second.states"), 1e-5);
                assertClose("pooled", pooled(other), golden.tensor("xl.second.pooled"), 1e-5);
                none = dropped(empty, other, 0, 0);
                assertClose("empty", states(none), golden.tensor("xl.second.away"), 1e-5);
                assertClose("empty", pooled(none), golden.tensor("xl.second.away_pooled"), 1e-5);
            }
        });
    }

    @Test
    void negatives_of_two_encoders_and_their_second_prompts() {
        TensorScope.run(() -> {
            try (Golden golden = Golden.open("text/prompts");
                    TextConditioner conditioner = parts.xl(true)) {
                List<String> prompts = texts(golden, "prompts");
                List<String> negatives = texts(golden, "negatives");
                assertPart(
                        golden,
                        "xl.negatives",
                        conditioner.with(SKIP),
                        Subject.ofPrompt(prompts.get(0)),
                        Subject.ofPrompt(negatives.get(0)));
                assertPart(
                        golden,
                        "xl.both",
                        conditioner,
                        new Subject(
                                null, prompts.get(0), texts(golden, "second").get(0)),
                        new Subject(null, negatives.get(0), negatives.get(1)));
                TextConditioner refiner =
                        TextConditioner.of(List.of(parts.encoder("xl", "_2")), TextForm.PENULTIMATE, true);
                assertPart(
                        golden,
                        "refiner",
                        refiner,
                        Subject.ofPrompt(prompts.get(0)),
                        Subject.ofPrompt(negatives.get(0)));
                refiner.close();
            }
        });
    }

    private static void assertPart(Golden golden, String name, Conditioner conditioner, Subject with, Subject away) {
        Conditioning prompt = conditioner.encode(List.of(with));
        assertClose(name, states(prompt), golden.tensor(name + ".states"), 1e-5);
        assertClose(name, pooled(prompt), golden.tensor(name + ".pooled"), 1e-5);
        Conditioning negative = conditioner.encodeAway(List.of(away));
        assertClose(name, states(negative), golden.tensor(name + ".away"), 1e-5);
        assertClose(name, pooled(negative), golden.tensor(name + ".away_pooled"), 1e-5);
    }

    @Test
    void sizes_and_scores_stand_beside_prompts_and_what_is_dropped() {
        TensorScope.run(() -> {
            try (TextConditioner conditioner = parts.xl(true)) {
                TimeIds ids = TimeIds.ofScore(new SampleSize(64, 96), 6, 2.5);
                Conditioner scored = conditioner.with(TextSettings.DEFAULT.withTimeIds(ids));
                Conditioning with = scored.encode(List.of(Subject.ofPrompt("a cat"), Subject.ofPrompt("a dog")));
                assertThat(timeIds(with)).containsExactly(64, 96, 0, 0, 6, 64, 96, 0, 0, 6);
                assertThat(timeIds(scored.encodeAway(List.of(Subject.ofPrompt("")))))
                        .containsExactly(64, 96, 0, 0, 2.5f);
                assertThat(timeIds(dropped(scored, with, 1, 0))).containsExactly(64, 96, 0, 0, 6, 64, 96, 0, 0, 2.5f);
                assertThat(TimeIds.ofSize(new SampleSize(64, 96)).with())
                        .containsExactly(64.0, 96.0, 0.0, 0.0, 64.0, 96.0);
            }
        });
    }

    private static float[] timeIds(Conditioning conditioning) {
        return Tensors.floats(Objects.requireNonNull(conditioning.get(Conditioning.TIME_IDS)));
    }

    @Test
    void states_of_a_prompt_are_computed_once_and_kept_no_longer_than_the_conditioner() {
        TextConditioner conditioner = parts.sd("sd1");
        List<Subject> prompts =
                List.of(Subject.ofPrompt("a cat"), Subject.ofPrompt("a dog"), Subject.ofPrompt("a cat"));
        TensorScope.run(() -> conditioner.encode(prompts));
        int before = parts.calls.get();
        long live = Pointer.totalCount();
        TensorScope.run(() -> conditioner.with(TextSettings.DEFAULT).encode(prompts));
        assertThat(parts.calls).hasValue(before);
        TensorScope.run(() -> conditioner.with(SKIP).encode(prompts));
        assertThat(parts.calls).hasValue(before + 2);
        assertThat(Pointer.totalCount()).isEqualTo(live + 2);
        conditioner.close();
        assertThat(Pointer.totalCount()).isEqualTo(live - 2);
    }

    @Test
    void an_encoder_that_learns_is_on_the_tape() {
        TensorScope.run(() -> {
            try (TextConditioner conditioner = parts.sd("sd1")) {
                Tensor weight = Objects.requireNonNull(
                        parts.model(0).stateDict().get("text_model.encoder.layers.0.self_attn.q_proj.weight"));
                parts.model(0).requiresGrad(true);
                assertThat(states(conditioner.encode(List.of(Subject.ofPrompt("a cat"))))
                                .requires_grad())
                        .isFalse();
                Conditioner learning = conditioner.withLearning(Set.of("text_encoder"));
                assertThat(learning.networks()).containsOnlyKeys("text_encoder");
                Conditioning both = learning.encode(List.of(Subject.ofPrompt("a cat"), Subject.ofPrompt("a dog")));
                states(dropped(learning, both, 0, 1)).square().sum().backward();
                assertThat(weight.grad().abs().sum().item_float()).isPositive();
            }
        });
    }

    @Test
    void a_word_that_learns_begins_as_its_tokens_and_gradients_reach_its_rows_alone() {
        TensorScope.run(() -> {
            List<Subject> prompts = List.of(Subject.ofPrompt("a red zog"), Subject.ofPrompt("a cat"));
            try (TextConditioner plain = parts.sd("sd1");
                    TextConditioner learning =
                            parts.sd("sd1").withLearningWord("zog").inBatches()) {
                LearningWord word = Objects.requireNonNull(learning.learningWord());
                assertThat(learning.learners()).containsOnlyKeys("word");
                assertThat(learning.networks()).containsOnlyKeys("text_encoder");
                assertThat(learning.learning()).isEmpty();
                word.rows().requiresGrad(true);
                Tensor states = states(learning.encode(prompts));
                assertClose("as the tokens", states.detach(), states(plain.encode(prompts)), 1e-5);

                states.narrow(0, 0, 1).square().sum().backward();
                assertThat(Tensors.shape(word.rows().rows().grad())).startsWith(3);
                for (int i = 0; i < 3; i++) {
                    assertThat(word.rows()
                                    .rows()
                                    .grad()
                                    .narrow(0, i, 1)
                                    .abs()
                                    .sum()
                                    .item_float())
                            .as("row %d", i)
                            .isPositive();
                }
                parts.model(1).namedParameters().values().forEach(weight -> assertThat(
                                weight.grad().defined())
                        .isFalse());
            }
        });
    }

    @Test
    void a_word_of_two_encoders_or_one_that_is_known_cannot_learn() {
        try (TextConditioner one = parts.sd("sd1");
                TextConditioner two = parts.xl(true)) {
            assertThatExceptionOfType(Problem.class)
                    .isThrownBy(() -> one.withLearningWord("ca"))
                    .withMessageContaining("'ca' cannot be learnt as a new word, because it is a token");
            assertThatExceptionOfType(Problem.class)
                    .isThrownBy(() -> two.withLearningWord("zog"))
                    .withMessageContaining("two text encoders");
        }
    }

    @Test
    void what_cannot_be_meant_is_one_clear_line() {
        try (TextConditioner conditioner = parts.sd("sd1")) {
            Map<Subject, String> refused = Map.of(
                    Subject.ofClass(3),
                    "give prompt in place of class",
                    Subject.NOTHING,
                    "give prompt",
                    new Subject(null, "a", "b"),
                    "omit prompt2",
                    Subject.ofPrompt("cat \ud83d"),
                    "letter 5 is one half of a pair (U+D83D)",
                    Subject.ofPrompt("\udc31 cat"),
                    "letter 1 is one half of a pair (U+DC31)",
                    Subject.ofPrompt("cat ".repeat(1 << 18)),
                    "prompt has 1048576 letters");
            refused.forEach((subject, message) -> assertRefused(conditioner, subject, message));
            conditioner.check(List.of(Subject.ofPrompt(""), Subject.ofPrompt("a \ud83d\ude00")), "prompt");
            assertRefused(
                    conditioner.with(new TextSettings(4, PromptSyntax.PLAIN, null)),
                    Subject.ofPrompt("a"),
                    "clipSkip must be at most 3");
        }
    }

    private static void assertRefused(Conditioner conditioner, @Nullable Subject subject, String message) {
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> conditioner.check(List.of(Objects.requireNonNull(subject)), "class"))
                .withMessageContaining(message)
                .satisfies(error ->
                        assertThat(error.getMessage()).doesNotContain("\n").hasSizeLessThan(300));
    }
}
