// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class FieldNamesTest {
    private static final FieldNames SHOUTED = field -> "<" + field + ">";

    @Test
    void a_field_is_bare_to_a_java_caller_and_in_a_faces_words_to_its_user() {
        Problem error = Problem.request("{steps} must be at most 1000, but was 5000: or change {training.max_steps}");

        assertThat(error).hasMessage("steps must be at most 1000, but was 5000: or change training.max_steps");
        assertThat(error.worded(SHOUTED))
                .isEqualTo("<steps> must be at most 1000, but was 5000: or change <training.max_steps>");
    }

    @Test
    void a_value_that_breaks_a_fields_rule_is_a_wrong_request() {
        Problem problem = Problem.request("steps", 5000, "be at most 1000");

        assertThat(problem).hasMessage("steps must be at most 1000, but was 5000");
        assertThat(problem.kind()).isEqualTo(Problem.Kind.REQUEST);
    }

    @Test
    void braces_in_somebodys_path_or_value_stay() {
        for (String text : new String[] {
            "cannot read /tmp/{steps}.png",
            "cannot read {steps}.png",
            "unknown word '{steps}'",
            "'{steps} x' is a word, and so are 'my {steps} run', (and 'it's {steps}') and key='a {steps}'",
            "{Steps} or {} or {two words}",
            "holds {\"steps\": 3}"
        }) {
            assertThat(SHOUTED.word(text)).isEqualTo(text);
        }
    }

    @Test
    void a_field_may_stand_wherever_a_word_may() {
        assertThat(SHOUTED.word("give {a}, {b}; (or {c}) {d}=0.1: {e}. Also {f}'s {g}, or 'x' {h} 'y' {i}"))
                .isEqualTo("give <a>, <b>; (or <c>) <d>=0.1: <e>. Also <f>'s <g>, or 'x' <h> 'y' <i>");
    }

    @Test
    void a_checks_error_can_be_worded_and_put_into_another_message() {
        assertThatThrownBy(() -> Check.that(false, "{eta} is too large"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("eta is too large")
                .satisfies(error -> {
                    assertThat(Worded.message(error, SHOUTED)).isEqualTo("<eta> is too large");
                    assertThat(Problem.request("model x: " + Worded.marked(error))
                                    .worded(SHOUTED))
                            .isEqualTo("model x: <eta> is too large");
                });
    }
}
