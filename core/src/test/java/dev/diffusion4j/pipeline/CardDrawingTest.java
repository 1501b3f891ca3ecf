// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.guidance.LossGuidance;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.FakeCard;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is drawn on a card that stands apart from the processor as a real one does: nothing is made in the wrong place, and the pictures are the same. */
class CardDrawingTest {
    private static float[] drawn(String model, SchedulerKind scheduler, String device, List<LossGuidance> guides) {
        GenerationRequest request = GenerationRequest.of(r -> {
            r.steps(3).seed(5).count(2);
            if (model.equals("tiny-sd")) {
                r.prompt("a red cat").guidanceScale(3);
            }
        });
        try (DiffusionPipeline loaded =
                        DiffusionPipeline.load(Golden.path(model), LoadOptions.DEFAULT.withDevice(device));
                DiffusionPipeline own = loaded.withScheduler(scheduler);
                DiffusionPipeline steered = own.steeredBy(guides);
                GenerationResult result = steered.generate(request)) {
            assertThat(loaded.deviceName()).startsWith(device);
            result.images();
            return Tensors.floats(result.samples());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "tiny-sd, DDIM, ",
        "tiny-sd, EULER_ANCESTRAL, ",
        "tiny-pipeline, DDPM, ",
        "tiny-pipeline, DPM_MULTISTEP, color=#55FFAA:40",
        "tiny-pipeline, UNIPC, 'brightness=0.9:30,gradient=exact'"
    })
    void a_picture_on_a_card_is_that_of_the_processor(String model, SchedulerKind scheduler, String guide) {
        try (GuideKit kit = new GuideKit()) {
            List<LossGuidance> guides = guide == null ? List.of() : List.of(kit.parse(guide));
            float[] expected = drawn(model, scheduler, "cpu", guides);
            try (FakeCard card = FakeCard.insert()) {
                assertThat(drawn(model, scheduler, "cuda", guides)).containsExactly(expected, within(1e-3f));
            }
        }
    }

    @Test
    @Tag("cuda")
    void a_real_card_draws_it_too() {
        Assumptions.assumeTrue(Devices.hasCuda(), "LibTorch sees no CUDA card here");
        float[] expected = drawn("tiny-sd", SchedulerKind.DDIM, "cpu", List.of());
        assertThat(drawn("tiny-sd", SchedulerKind.DDIM, "cuda", List.of())).containsExactly(expected, within(1e-2f));
    }
}
