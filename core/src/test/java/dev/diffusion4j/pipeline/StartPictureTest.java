// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Runs that start from a picture, with a region that is kept, in pixels of 16x16. */
class StartPictureTest {
    private static final int SIDE = 16;

    @TempDir
    Path folder;

    private String picture = "";
    private String leftHalf = "";

    @BeforeEach
    void draw() {
        BufferedImage levels = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_BYTE_GRAY);
        BufferedImage mask = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_BYTE_GRAY);
        for (int y = 0; y < SIDE; y++) {
            for (int x = 0; x < SIDE; x++) {
                levels.getRaster().setSample(x, y, 0, 16 * y + x);
                mask.getRaster().setSample(x, y, 0, x < SIDE / 2 ? 255 : 0);
            }
        }
        picture = folder.resolve("levels.png").toString();
        leftHalf = folder.resolve("mask.png").toString();
        PngFile.write(Path.of(picture), levels);
        PngFile.write(Path.of(leftHalf), mask);
    }

    /** As stored: level/255 in [−1, 1]. */
    private static Tensor original() {
        float[] values = new float[SIDE * SIDE];
        for (int i = 0; i < values.length; i++) {
            values[i] = i / 255f * 2 - 1;
        }
        return Tensors.of(values, 1, 1, SIDE, SIDE);
    }

    private static DiffusionPipeline load() {
        return DiffusionPipeline.load(Golden.path("tiny-pipeline"));
    }

    @Test
    void only_the_last_steps_run() {
        List<Integer> steps = new ArrayList<>();
        try (DiffusionPipeline pipeline = load();
                GenerationResult drawn = pipeline.withScheduler(SchedulerKind.DDIM)
                        .generate(
                                GenerationRequest.of(
                                        r -> r.picture(picture).strength(0.35).steps(10)),
                                event -> steps.add(event.stepIndex()),
                                new Cancellation())) {
            assertThat(steps).containsExactly(7, 8, 9);
            assertThat(Tensors.floats(drawn.samples())).doesNotContain(Float.NaN);
        }
    }

    /** Two calls of the network a step: the start index is doubled. */
    @Test
    void the_steps_of_a_two_stage_scheduler_are_skipped_whole() {
        List<Integer> steps = new ArrayList<>();
        try (DiffusionPipeline pipeline = load();
                GenerationResult drawn = pipeline.withScheduler(SchedulerKind.HEUN)
                        .generate(
                                GenerationRequest.of(
                                        r -> r.picture(picture).strength(0.5).steps(6)),
                                event -> steps.add(event.stepIndex()),
                                new Cancellation())) {
            assertThat(steps).containsExactly(6, 7, 8, 9, 10);
            assertThat(Tensors.floats(drawn.samples())).doesNotContain(Float.NaN);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"DDIM", "EULER", "DPM_MULTISTEP", "DDPM"})
    void what_the_mask_keeps_is_the_picture_at_the_end_and_noised_to_the_next_step_before(SchedulerKind kind) {
        GenerationRequest request = GenerationRequest.of(r -> r.picture(picture)
                .mask(leftHalf)
                .strength(0.8)
                .steps(5)
                .count(2)
                .seed(9));
        List<Tensor> samples = new ArrayList<>();
        TensorScope.run(() -> {
            try (DiffusionPipeline pipeline = load();
                    GenerationResult drawn = pipeline.withScheduler(kind)
                            .generate(
                                    request,
                                    event -> samples.add(
                                            TensorScope.own(event.sample().clone())),
                                    new Cancellation());
                    NoiseSource same = NoiseSource.perImage(9, 2)) {
                Tensor original = original();
                Tensor kept = drawn.samples().narrow(3, SIDE / 2, SIDE / 2);
                assertClose("kept", kept.narrow(0, 0, 1), original.narrow(3, SIDE / 2, SIDE / 2), 1e-6);
                assertThat(Tensors.floats(drawn.samples().narrow(3, 0, SIDE / 2)))
                        .isNotEqualTo(Tensors.floats(original.narrow(3, 0, SIDE / 2)));
                Tensor epsilon = same.randn(2, 1, SIDE, SIDE);
                Tensor between = samples.get(samples.size() - 2).narrow(3, SIDE / 2, SIDE / 2);
                Tensor rest = between.sub(
                        original.narrow(3, SIDE / 2, SIDE / 2).mul(new Scalar(share(between, original, epsilon))));
                double noise =
                        rest.div(epsilon.narrow(3, SIDE / 2, SIDE / 2)).mean().item_double();
                assertThat(noise).isGreaterThan(0);
                assertClose(
                        "noised", rest, epsilon.narrow(3, SIDE / 2, SIDE / 2).mul(new Scalar(noise)), 1e-3);
            }
        });
        samples.forEach(Tensor::close);
    }

    /** The picture's share in a·x₀ + s·ε, by least squares over both unknowns. */
    private static double share(Tensor between, Tensor original, Tensor epsilon) {
        double[] x = doubles(original.expand(2, 1, SIDE, SIDE).narrow(3, SIDE / 2, SIDE / 2));
        double[] e = doubles(epsilon.narrow(3, SIDE / 2, SIDE / 2));
        double[] y = doubles(between);
        double xx = dot(x, x);
        double xe = dot(x, e);
        double ee = dot(e, e);
        return (dot(x, y) * ee - dot(e, y) * xe) / (xx * ee - xe * xe);
    }

    private static double[] doubles(Tensor tensor) {
        float[] floats = Tensors.floats(tensor);
        double[] values = new double[floats.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = floats[i];
        }
        return values;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    @Test
    void what_does_not_fit_is_named_before_anything_is_drawn() {
        try (DiffusionPipeline pipeline = load()) {
            PngFile.write(folder.resolve("small.png"), new BufferedImage(8, 8, BufferedImage.TYPE_BYTE_GRAY));
            String small = folder.resolve("small.png").toString();
            assertThatExceptionOfType(Problem.class)
                    .isThrownBy(() -> pipeline.generate(
                            GenerationRequest.of(r -> r.picture(small).steps(5))))
                    .withMessageContaining("8x8, but pictures of 16x16 are drawn");
            assertThatExceptionOfType(Problem.class)
                    .isThrownBy(() -> pipeline.generate(GenerationRequest.of(
                            r -> r.picture(picture).mask(small).steps(5))))
                    .withMessageContaining("mask");
            assertThatExceptionOfType(Problem.class)
                    .isThrownBy(() -> pipeline.generate(
                            GenerationRequest.of(r -> r.picture("nowhere.png").steps(5))))
                    .withMessageContaining("nowhere.png");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> pipeline.generate(GenerationRequest.of(
                            r -> r.picture(picture).strength(0.1).steps(5))))
                    .withMessageContaining("no step to draw");
        }
    }
}
