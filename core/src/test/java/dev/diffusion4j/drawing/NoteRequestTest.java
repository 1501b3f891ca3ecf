// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.scheduler.SchedulerKind;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A request in the form of a note: what it leaves out is the model's matter, not that of some note. */
class NoteRequestTest {
    private static NoteRequest parse(String json) {
        return NoteRequest.parse(json.replace('\'', '"'), "request 1");
    }

    @Test
    void what_is_not_said_or_null_is_left_to_the_model() {
        NoteRequest nothing = parse("{}");
        assertThat(nothing.model()).isNull();
        assertThat(nothing.index()).isNull();
        assertThat(nothing.files()).isEmpty();
        assertThat(nothing.scheduler()).isEqualTo(SchedulerSelection.OWN);
        assertThat(parse("{'model': null, 'scheduler': null, 'index': null, 'vae': null, 'embeddings': []}"))
                .isEqualTo(nothing);
    }

    @Test
    void what_is_said_counts() {
        NoteRequest all = parse("{'model': 'large', 'scheduler': 'DDIMScheduler', 'index': 0, 'vae': 'other'}");
        assertThat(all.model()).isEqualTo("large");
        assertThat(all.index()).isZero();
        assertThat(all.scheduler()).extracting(SchedulerSelection::kind).isEqualTo(SchedulerKind.DDIM);
        assertThat(all.files()).isEqualTo(Map.of("vae", "other"));
        assertThatThrownBy(() -> parse("{'modle': 'large'}"))
                .isInstanceOf(Problem.class)
                .hasMessageContaining("request 1: unknown key 'modle' (did you mean 'model'?)");
    }
}
