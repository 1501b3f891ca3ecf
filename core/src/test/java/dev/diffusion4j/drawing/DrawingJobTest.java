// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.hub.HubProgress;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.pipeline.Cancellation;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.LoadOptions;
import dev.diffusion4j.pipeline.StepListener;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import dev.diffusion4j.text.PromptSyntax;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DrawingJobTest {
    private static final Path MODEL = Golden.path("tiny-pipeline");

    @TempDir
    Path folder;

    private static DrawingPlan plan(int count, int batch, List<String> guides) {
        return new DrawingPlan(
                MODEL,
                LoadOptions.DEFAULT,
                new SchedulerSelection(SchedulerKind.DDIM, List.of(), 3),
                guides,
                null,
                SubjectSelection.nothing(count),
                GenerationRequest.of(r -> r.batchSize(batch).seed(5)));
    }

    private static DrawingJob open(DrawingPlan plan) {
        return DrawingJob.open(plan, HubProgress.SILENT, line -> {});
    }

    private static void draw(DrawingJob job, PictureSink sink) {
        job.draw(sink, StepListener.NONE, new Cancellation());
    }

    @Test
    void hands_out_the_pipeline_s_own_pictures_one_by_one() {
        List<Float> first = new ArrayList<>();
        List<Integer> indices = new ArrayList<>();
        try (DrawingJob job = open(plan(5, 2, List.of()))) {
            draw(job, picture -> {
                indices.add(picture.index());
                first.add(Tensors.floats(picture.sample())[0]);
                assertThat(picture.count()).isEqualTo(5);
            });
        }
        assertThat(indices).containsExactly(0, 1, 2, 3, 4);
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(MODEL);
                GenerationResult all = pipeline.withScheduler(SchedulerKind.DDIM)
                        .generate(GenerationRequest.of(
                                r -> r.count(5).seed(5).steps(3).batchSize(2)))) {
            for (int i = 0; i < 5; i++) {
                assertThat(Tensors.floats(all.samples().select(0, i))[0]).isEqualTo(first.get(i));
            }
        }
    }

    @Test
    void pictures_are_files_before_the_last_is_drawn_and_stay_after_a_stop() throws IOException {
        Cancellation cancellation = new Cancellation();
        try (DrawingJob job = open(plan(9, 2, List.of()));
                TensorSink tensors = new TensorSink(folder.resolve("samples.safetensors"))) {
            FolderSink pictures = new FolderSink(folder);
            PictureSink both = PictureSink.toAll(List.of(pictures, tensors));
            assertThatExceptionOfType(CancellationException.class)
                    .isThrownBy(() -> job.draw(
                            both,
                            event -> {
                                if (event.firstImage() == 4) {
                                    cancellation.cancel();
                                }
                            },
                            cancellation));
            assertThat(pictures.written()).isEqualTo(4);
        }
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("0000.png", "0001.png", "0002.png", "0003.png");
        }
    }

    @Test
    void tensors_are_streamed_to_the_file_that_is_written_at_once_elsewhere() {
        Path streamed = folder.resolve("streamed.safetensors");
        Path whole = folder.resolve("whole.safetensors");
        try (DrawingJob job = open(plan(3, 1, List.of()));
                TensorSink sink = new TensorSink(streamed)) {
            draw(job, sink);
            try (GenerationResult all = job.pipeline().generate(job.request())) {
                all.saveTensors(whole);
            }
        }
        assertThat(streamed).hasSameBinaryContentAs(whole);
        try (Safetensors file = Safetensors.open(streamed)) {
            Tensor read = Tensors.empty(file.tensors().get("samples").dtype().scalarType(), 3, 1, 16, 16);
            file.read("samples", read);
            assertThat(Tensors.floats(read)).doesNotContain(Float.NaN);
        }
    }

    @Test
    void a_picture_is_drawn_again_from_its_note() {
        try (DrawingJob job = open(plan(3, 3, List.of("brightness=1:20")))) {
            draw(job, new FolderSink(folder));
        }
        Path second = folder.resolve("0001.png");
        try (DrawingJob again =
                DrawingJob.open(DrawingAgain.of(second, null, null, null), HubProgress.SILENT, line -> {})) {
            assertThat(again.count()).isEqualTo(1);
            draw(again, new FolderSink(folder.resolve("again")));
        }
        assertThat(folder.resolve("again/0000.png")).exists();
        assertThat(PngFile.readNotes(folder.resolve("again/0000.png"))).isEqualTo(PngFile.readNotes(second));
        assertThat(folder.resolve("again/0000.png")).hasSameBinaryContentAs(second);
    }

    @Test
    void a_picture_with_the_adapters_of_its_prompt_is_drawn_again_from_its_note() {
        PromptSelection prompts = new PromptSelection(
                List.of("a cat <lora:sd-old:0.8>", "a cat <lora:sd-kohya:0.5:1>"),
                List.of(),
                List.of(),
                List.of(),
                0,
                PromptSyntax.A1111,
                Golden.path("text_lora").toString());
        DrawingPlan plan = new DrawingPlan(
                Golden.path("tiny-sd"),
                LoadOptions.DEFAULT,
                new SchedulerSelection(SchedulerKind.DDIM, List.of(), 2),
                List.of(),
                null,
                new SubjectSelection(false, null, prompts, 1),
                GenerationRequest.of(r -> r.seed(5)));
        try (DrawingJob job = open(plan)) {
            assertThat(job.lorasApplied()).hasSize(2);
            draw(job, new FolderSink(folder));
        }
        Path second = folder.resolve("0001.png");
        try (DrawingJob again =
                DrawingJob.open(DrawingAgain.of(second, null, null, null), HubProgress.SILENT, line -> {})) {
            draw(again, new FolderSink(folder.resolve("again")));
        }
        assertThat(folder.resolve("again/0000.png")).hasSameBinaryContentAs(second);
    }

    @Test
    void what_cannot_be_drawn_is_named_before_anything_is() {
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> open(new DrawingPlan(
                        MODEL,
                        LoadOptions.DEFAULT,
                        SchedulerSelection.OWN,
                        List.of(),
                        null,
                        new SubjectSelection(false, 3, PromptSelection.NONE, 1),
                        GenerationRequest.DEFAULT)))
                .withMessageContaining("not trained on classes: omit class");
    }
}
