// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerKind;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SamplerNamesTest {
    /** Whose own algorithm is PNDM. */
    private static final Path FOLDER = Path.of("src/test/resources/golden/tiny-sd");

    @Test
    void an_algorithm_by_the_librarys_name_is_spaced_and_else_left_as_it_is() {
        for (SchedulerKind kind : new SchedulerKind[] {SchedulerKind.DPM_SINGLESTEP, SchedulerKind.DPM_MULTISTEP}) {
            SchedulerSelection found = SamplerNames.selection(kind.key(), "karras", 5);
            assertThat(found.kind()).isEqualTo(kind);
            assertThat(found.options()).contains("use_karras_sigmas=true").allMatch(each -> each.startsWith("use_"));
        }
    }

    @Test
    void a_spacing_that_an_algorithm_cannot_have_changes_nothing() {
        assertThat(SamplerNames.fits(SchedulerKind.DDIM, "Karras")).isFalse();
        assertThat(SamplerNames.fits(SchedulerKind.DDIM, "Automatic")).isTrue();
        assertThat(SamplerNames.fits(SchedulerKind.EULER, "karras")).isTrue();
        assertThat(SamplerNames.selection("DDIM", "Karras", 5).options()).isEmpty();
    }

    @Test
    void there_must_be_a_spacing_of_the_name_whatever_the_algorithm_is() {
        for (@Nullable String sampler : new @Nullable String[] {null, "ddim", "Euler a"}) {
            assertThatExceptionOfType(Problem.class)
                    .isThrownBy(() -> SamplerNames.selection(sampler, "nonsense", 5))
                    .withMessageContaining("there is no spacing 'nonsense' of noise levels; there are Uniform, Karras")
                    .satisfies(problem -> assertThat(problem.field()).contains("spacing"));
        }
    }

    @Test
    void without_an_algorithm_the_models_own_is_spaced() {
        GenerationRequest request = GenerationRequest.of(r -> r.prompt("a red cat"));
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(FOLDER)) {
            Scheduler spaced = SamplerNames.selection(null, "SGM Uniform", 5)
                    .on(pipeline, request)
                    .pipeline()
                    .scheduler();
            assertThat(SchedulerKind.of(spaced)).isEqualTo(SchedulerKind.PNDM);
            assertThat(spaced.config()).containsEntry("timestep_spacing", "trailing");
            SchedulerSelection karras = SamplerNames.selection(null, "Karras", 5);
            assertThatExceptionOfType(Problem.class)
                    .isThrownBy(() -> karras.on(pipeline, request))
                    .withMessageContaining("the scheduler 'pndm' cannot space its noise levels as 'Karras' does");
        }
    }
}
