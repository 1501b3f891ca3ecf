// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.metric.ClassFidelity;
import dev.diffusion4j.model.classifier.ConvClassifier;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.LoadOptions;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Precision;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A trained network draws nearly the same pictures in bf16; two minutes of training first. */
@Tag("slow")
class Bf16PicturesTest {
    private static final int STEPS = 40;

    private record Drawn(List<BufferedImage> images, double recognised) {}

    @Test
    void pictures_of_a_trained_model_differ_by_two_grey_levels_at_most_and_are_recognised_as_well(
            @TempDir Path folder) {
        Quickstart.Outcome outcome = new Quickstart(List.of(), folder).run(new Quickstart.Watcher() {}, () -> false);
        Drawn exact = draw(outcome.model(), folder, Precision.F32);
        Drawn fast = draw(outcome.model(), folder, Precision.BF16);
        int[] differences = IntStream.range(0, 32)
                .flatMap(i -> differences(exact.images.get(i), fast.images.get(i)))
                .sorted()
                .toArray();
        System.out.printf(
                "bf16 against f32: median difference %d, 90 %% below %d grey levels; recognised %.3f and %.3f%n",
                differences[differences.length / 2],
                differences[differences.length * 9 / 10],
                fast.recognised,
                exact.recognised);
        assertThat(differences[differences.length / 2]).isLessThanOrEqualTo(2);
        // of 500 pictures: a picture or two on the edge may fall to either side
        assertThat(fast.recognised).isCloseTo(exact.recognised, within(0.01));
    }

    private static IntStream differences(BufferedImage a, BufferedImage b) {
        int[] first = a.getRaster().getPixels(0, 0, a.getWidth(), a.getHeight(), (int[]) null);
        int[] second = b.getRaster().getPixels(0, 0, b.getWidth(), b.getHeight(), (int[]) null);
        return IntStream.range(0, first.length).map(i -> Math.abs(first[i] - second[i]));
    }

    /** 500 pictures, the classes in turn, DDIM. */
    private static Drawn draw(Path model, Path folder, Precision precision) {
        List<Integer> classes = IntStream.range(0, 500).mapToObj(i -> i % 10).toList();
        try (DiffusionPipeline loaded = DiffusionPipeline.load(model, LoadOptions.DEFAULT.withPrecision(precision));
                DiffusionPipeline ddim = loaded.withScheduler(SchedulerKind.DDIM);
                ConvClassifier judge = (ConvClassifier) PipelineFolder.open(folder.resolve("judge/model"))
                        .readModel(Devices.cpu(), Precision.F32, null);
                GenerationResult drawn = ddim.generate(GenerationRequest.of(
                        r -> r.classes(classes).steps(STEPS).batchSize(50)))) {
            int[] expected = classes.stream().mapToInt(Integer::intValue).toArray();
            return new Drawn(
                    drawn.images(),
                    ClassFidelity.of(judge, drawn.samples(), expected).share());
        }
    }
}
