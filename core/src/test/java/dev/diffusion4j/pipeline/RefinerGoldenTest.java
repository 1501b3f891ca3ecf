// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.diffusion4j.drawing.DrawingAgain;
import dev.diffusion4j.drawing.DrawingJob;
import dev.diffusion4j.drawing.DrawingPlan;
import dev.diffusion4j.drawing.FolderSink;
import dev.diffusion4j.drawing.PictureSink;
import dev.diffusion4j.drawing.PromptSelection;
import dev.diffusion4j.drawing.SchedulerSelection;
import dev.diffusion4j.drawing.SubjectSelection;
import dev.diffusion4j.folder.SaveOptions;
import dev.diffusion4j.hub.HubProgress;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.RequestDraft;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A refiner after Stable Diffusion XL, and in its place, as diffusers' pipelines call it: oracle/golden_refiner.py. */
class RefinerGoldenTest {
    /** f32 sums in another order, over some steps. */
    private static final double RELATIVE = 1e-3;

    private static final Path XL = Golden.path("tiny-xl");

    @TempDir
    Path folder;

    static Stream<GoldenCall> calls() {
        return GoldenCall.all("refiner");
    }

    @ParameterizedTest
    @MethodSource("calls")
    void a_call_gives_the_latents_and_pictures_of_diffusers(GoldenCall test) {
        Path refiner = TinyFolder.refiner(folder.resolve("refiner"));
        boolean alone = test.has("alone");
        try (Golden golden = Golden.open("refiner");
                DiffusionPipeline loaded = alone
                        ? DiffusionPipeline.load(refiner)
                        : DiffusionPipeline.load(XL, LoadOptions.DEFAULT.withRefiner(refiner))) {
            DiffusionPipeline pipeline = test.scheduled(loaded);
            TensorScope.run(() -> {
                try (GenerationResult drawn = pipeline.generate(GenerationRequest.of(r -> fill(r, test, golden)))) {
                    String name = test.text("name");
                    assertClose("latents", drawn.samples(), golden.tensor(name + ".latents"), RELATIVE);
                    assertClose("pictures", drawn.decoded(), golden.tensor(name + ".pictures"), RELATIVE);
                }
            });
        }
    }

    private void fill(RequestDraft request, GoldenCall test, Golden golden) {
        test.fill(request);
        if (test.has("image")) {
            request.picture(GoldenCall.png(golden, test.text("image"), folder));
        }
        if (test.has("mask")) {
            request.mask(GoldenCall.png(golden, test.text("mask"), folder));
        }
        request.refinerStart(test.has("refiner_start") ? test.value("refiner_start") : null);
    }

    @Test
    void a_refiner_needs_not_have_the_variant_of_the_first_model() {
        Path half = folder.resolve("half");
        try (DiffusionPipeline xl = DiffusionPipeline.load(XL)) {
            xl.save(half, new SaveOptions("fp16", SaveOptions.DEFAULT.maxShardBytes()));
        }
        LoadOptions options =
                LoadOptions.DEFAULT.withVariant("fp16").withRefiner(TinyFolder.refiner(folder.resolve("refiner")));
        try (DiffusionPipeline both = DiffusionPipeline.load(half, options)) {
            both.check(GenerationRequest.of(r -> r.prompt("a cat").steps(10)));
        }
    }

    @Test
    void a_refiner_that_can_do_nothing_is_refused_before_anything_is_drawn() {
        Path refiner = TinyFolder.refiner(folder.resolve("refiner"));
        try (DiffusionPipeline xl = DiffusionPipeline.load(XL);
                DiffusionPipeline alone = DiffusionPipeline.load(refiner)) {
            DiffusionPipeline both = xl.refinedBy(alone);
            assertEquals(
                    "a refiner without a start draws the last 0.3 of the steps anew, and 3 steps are too few for one:"
                            + " give more, or its start",
                    refusal(both, r -> r.steps(3)));
            assertEquals(
                    "the start of refiner is 0.9999, which leaves it none of 10 steps: give an earlier one, or more steps",
                    refusal(both, r -> r.steps(10).refinerStart(0.9999)));
            assertEquals(
                    "the start of refiner is 1.0E-4, which leaves the model itself no step: give a later one, or more steps",
                    refusal(both, r -> r.steps(10).refinerStart(0.0001)));
            assertEquals(
                    "the start of refiner is given, but no refiner: give both, or neither",
                    refusal(xl, r -> r.refinerStart(0.5)));
            assertEquals(
                    "this network refines pictures and was not trained to begin with noise: give picture, or name"
                            + " another model and this one as refiner",
                    refusal(alone, r -> r.steps(3)));
        }
    }

    @Test
    void a_refined_picture_is_drawn_again_from_its_note() {
        LoadOptions loading = LoadOptions.DEFAULT.withRefiner(TinyFolder.refiner(folder.resolve("refiner")));
        PromptSelection prompt = PromptSelection.of("a red cat");
        DrawingPlan plan = new DrawingPlan(
                XL,
                loading,
                new SchedulerSelection(null, List.of(), 5),
                List.of(),
                null,
                new SubjectSelection(false, null, prompt, 1),
                GenerationRequest.of(r -> r.seed(3).refinerStart(0.7)));
        Path out = folder.resolve("out");
        List<float[]> drawn = new ArrayList<>();
        try (DrawingJob job = DrawingJob.open(plan, HubProgress.SILENT, line -> {})) {
            PictureSink keep = picture -> drawn.add(Tensors.floats(picture.sample()));
            job.draw(PictureSink.toAll(List.of(keep, new FolderSink(out))), StepListener.NONE, new Cancellation());
        }
        DrawingAgain again = DrawingAgain.of(out.resolve("0000.png"), null, null, null);
        try (DrawingJob job = DrawingJob.open(again, HubProgress.SILENT, line -> {})) {
            job.draw(
                    picture -> assertArrayEquals(drawn.get(0), Tensors.floats(picture.sample())),
                    StepListener.NONE,
                    new Cancellation());
        }
    }

    private static String refusal(DiffusionPipeline pipeline, java.util.function.Consumer<RequestDraft> edit) {
        GenerationRequest request = GenerationRequest.of(r -> edit.accept(r.prompt("a cat")));
        return assertThrows(RuntimeException.class, () -> pipeline.check(request))
                .getMessage();
    }
}
