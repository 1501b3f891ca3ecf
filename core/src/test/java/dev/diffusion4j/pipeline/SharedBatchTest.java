// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.guidance.ClassifierFree;
import dev.diffusion4j.guidance.LossGuidance;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.NoiseMode;
import dev.diffusion4j.pipeline.request.RequestDraft;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import dev.diffusion4j.text.PromptSyntax;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Requests that are drawn together: each picture is the one that it is alone. */
class SharedBatchTest {
    private static final GenerationRequest REQUEST =
            GenerationRequest.of(r -> r.prompt("a red cat").steps(4).seed(5).guidanceScale(4));

    private static DiffusionPipeline loaded;

    @BeforeAll
    static void load() {
        loaded = DiffusionPipeline.load(Golden.path("tiny-sd"));
    }

    @AfterAll
    static void close() {
        loaded.close();
    }

    private static GenerationRequest filled(Consumer<RequestDraft> edit) {
        return loaded.filled(REQUEST.with(edit));
    }

    private static float[] alone(DiffusionPipeline pipeline, GenerationRequest request) {
        try (GenerationResult result = pipeline.generate(request)) {
            return Tensors.floats(result.samples());
        }
    }

    private static void assertEachAsAlone(DiffusionPipeline pipeline, List<GenerationRequest> requests) {
        List<Long> together = new ArrayList<>();
        List<float[]> drawn = new ArrayList<>();
        SharedBatch.of(pipeline, requests)
                .orElseThrow()
                .draw(
                        (index, result) -> {
                            assertThat(index).isEqualTo(drawn.size());
                            drawn.add(Tensors.floats(result.samples()));
                        },
                        event -> together.add(event.sample().size(0)),
                        new Cancellation());
        assertThat(together)
                .containsOnly(
                        requests.stream().mapToLong(GenerationRequest::count).sum());
        for (int i = 0; i < requests.size(); i++) {
            Golden.assertClose("request " + i, drawn.get(i), alone(pipeline, requests.get(i)), 1e-4);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = SchedulerKind.class,
            names = {"DDIM", "EULER_ANCESTRAL", "UNIPC"})
    void prompts_seeds_scales_and_what_is_guided_away_from_are_each_request_s_own(SchedulerKind kind) {
        List<GenerationRequest> requests = List.of(
                filled(r -> r.negativePrompt("a dog")),
                filled(r -> r.prompts(List.of("a blue house on a hill", "a tree"))
                        .negativePrompt("")
                        .guidanceScale(9)
                        .seed(90)),
                filled(r -> r.negativePrompt("words").guidanceScale(2.5).seed(Long.MAX_VALUE)));
        try (DiffusionPipeline view = loaded.withScheduler(kind)) {
            assertEachAsAlone(view, requests);
        }
    }

    @Test
    void prompts_of_several_lengths_share_a_batch() {
        String words = "a red cat on a blue house, ".repeat(20);
        Consumer<RequestDraft> syntax = r -> r.promptSyntax(PromptSyntax.A1111);
        assertEachAsAlone(loaded, List.of(filled(syntax), filled(syntax.andThen(r -> r.prompt(words)))));
    }

    @Test
    void what_is_drawn_in_another_way_is_drawn_apart() {
        Stream<Consumer<RequestDraft>> others = Stream.of(
                r -> r.steps(5),
                r -> r.eta(0.5),
                r -> r.size(new SampleSize(32, 16)),
                r -> r.guidanceScale(1),
                r -> r.guidance(new ClassifierFree(4.0, 0.5, 0, 1)),
                r -> r.negativePrompt("a dog"),
                r -> r.clipSkip(1),
                r -> r.promptSyntax(PromptSyntax.COMFY));
        GenerationRequest first = filled(r -> {});
        others.forEach(edit ->
                assertThat(SharedBatch.of(loaded, List.of(first, filled(edit)))).isEmpty());
        assertThat(SharedBatch.likeness(loaded, filled(r -> r.count(3).batchSize(2))))
                .isEmpty();
        assertThat(SharedBatch.likeness(loaded, filled(r -> r.noise(NoiseMode.SHARED))))
                .isEmpty();
        LossGuidance guidance = LossGuidance.of("brightness", pictures -> pictures.mean(1, 2, 3), 1);
        assertThat(SharedBatch.likeness(loaded.steeredBy(List.of(guidance)), first))
                .isEqualTo(Optional.empty());
    }
}
