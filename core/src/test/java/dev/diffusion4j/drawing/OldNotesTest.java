// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.guidance.ClassifierFree;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.NoiseMode;
import dev.diffusion4j.scheduler.StepOptions;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class OldNotesTest {
    /** As the library wrote it before a request had groups. */
    private static final String BEFORE =
            """
            {"model": "m", "request": {"count": 2, "seed": 7, "steps": 30, "eta": 0.5, "classes": [3, 4], "size": [8, 16],
             "batch_size": 4, "noise": "shared", "step_options": {"s_churn": 2.0}, "prompts": null,
             "guidance": {"scale": 3.0, "negative_class": 1, "rescale": 0.7, "from": 0.1, "to": 0.9}}}
            """;

    @Test
    void a_note_from_before_requests_had_groups_says_the_same() {
        Map<?, ?> request = (Map<?, ?>) Objects.requireNonNull(
                OldNotes.upgraded(Json.object(Json.parse(BEFORE, "note"))).get("request"));
        assertThat(Records.bind(GenerationRequest.DEFAULT, Json.object(request), "note"))
                .isEqualTo(GenerationRequest.of(r -> r.classes(3, 4)
                        .negativeClass(1)
                        .seed(7)
                        .steps(30)
                        .eta(0.5)
                        .size(new SampleSize(8, 16))
                        .batchSize(4)
                        .noise(NoiseMode.SHARED)
                        .stepOptions(new StepOptions(false, 2, 0, null, 1, null))
                        .guidance(new ClassifierFree(3.0, 0.7, 0.1, 0.9))));
    }

    @Test
    void a_note_of_today_stays_as_it_is() {
        Map<String, Object> note = Map.of("request", Records.toMap(GenerationRequest.of(r -> r.seed(7))));
        assertThat(OldNotes.upgraded(note)).isEqualTo(note);
    }
}
