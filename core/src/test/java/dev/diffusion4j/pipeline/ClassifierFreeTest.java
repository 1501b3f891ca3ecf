// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.guidance.ClassifierFree;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.ModelKind;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Guidance through a whole pipeline is what the formula says, worked out with the network alone. */
class ClassifierFreeTest {
    private static final int T = 20;
    private static final List<Integer> CLASSES = List.of(2, 0);
    private static final GenerationRequest ONE_STEP =
            GenerationRequest.of(r -> r.classes(CLASSES).seed(4).steps(1));

    private static DiffusionModel lab;
    private static Scheduler scheduler;

    @BeforeAll
    static void make() {
        scheduler = SchedulerKind.LESSON_DDPM.create(Map.of("num_train_timesteps", (long) T));
        lab = initialized(
                ModelKind.LAB_UNET,
                Map.of(
                        "sample_size", 8L,
                        "block_out_channels", List.of(8L, 8L, 8L),
                        "context_dim", 3L,
                        "dense_dim", 8L,
                        "small_groups", 4L,
                        "big_groups", 4L,
                        "num_train_timesteps", (long) T));
    }

    private static DiffusionModel initialized(ModelKind kind, Map<String, @Nullable Object> config) {
        DiffusionModel model = (DiffusionModel) kind.create(config);
        try (RandomStream random = new RandomStream(1)) {
            model.initialize(random);
        }
        return model;
    }

    @AfterAll
    static void close() {
        lab.close();
    }

    private static Tensor draw(DiffusionModel model, GenerationRequest request, ClassifierFree guidance) {
        try (DiffusionPipeline pipeline = DiffusionPipeline.borrowing(model, scheduler);
                GenerationResult result = pipeline.generate(request.with(r -> r.guidance(guidance)))) {
            return result.samples().clone();
        }
    }

    private static Tensor noise() {
        try (NoiseSource noise = NoiseSource.perImage(4, 2)) {
            return noise.randn(2, 1, 8, 8);
        }
    }

    /** ε̂ at the last timestep. */
    private static Tensor predict(DiffusionModel model, Tensor sample, List<Integer> classes, double keep) {
        try (NoGradGuard guard = new NoGradGuard()) {
            Tensor labels = Tensors.ofLongs(
                    classes.stream().mapToLong(Integer::longValue).toArray());
            Conditioning conditioning = Conditioning.ofClasses(labels);
            return model.forward(
                    sample,
                    Tensors.ofDoubles(T - 1),
                    model.canDropContext() ? conditioning.withKeep(Tensors.ofDoubles(keep, keep)) : conditioning);
        }
    }

    /** One step from the last timestep to the end: (x − √(1−ᾱ)·ε̂)/√ᾱ. */
    private static Tensor step(Tensor sample, Tensor epsilon) {
        return sample.sub(epsilon.mul(new Scalar(scheduler.noiseRate(T - 1))))
                .div(new Scalar(scheduler.signalRate(T - 1)));
    }

    private static Tensor guided(Tensor with, Tensor without, double scale) {
        return with.mul(new Scalar(scale)).add(without.mul(new Scalar(1 - scale)));
    }

    @ParameterizedTest
    @ValueSource(doubles = {-1, 0, 1, 2, 5})
    void is_the_lesson_s_formula(double scale) {
        TensorScope.run(() -> {
            Tensor noise = noise();
            Tensor with = predict(lab, noise, CLASSES, 1);
            Tensor without = predict(lab, noise, CLASSES, 0);
            assertClose(
                    "sample",
                    draw(lab, ONE_STEP, ClassifierFree.of(scale)),
                    step(noise, guided(with, without, scale)),
                    1e-4);
        });
    }

    @Test
    void one_is_no_guidance_and_zero_knows_no_class() {
        TensorScope.run(() -> {
            GenerationRequest request = ONE_STEP.with(r -> r.steps(T));
            assertThat(Tensors.floats(draw(lab, request, ClassifierFree.of(1))))
                    .isEqualTo(Tensors.floats(draw(lab, request, ClassifierFree.OFF)));
            assertThat(Tensors.floats(draw(lab, request, ClassifierFree.of(0))))
                    .isEqualTo(Tensors.floats(
                            draw(lab, request.with(r -> r.classes(List.of(1, 1))), ClassifierFree.of(0))))
                    .isNotEqualTo(Tensors.floats(draw(lab, request, ClassifierFree.OFF)));
        });
    }

    @Test
    void contrast_is_brought_back() {
        TensorScope.run(() -> {
            Tensor noise = noise();
            Tensor with = predict(lab, noise, CLASSES, 1);
            Tensor guided = guided(with, predict(lab, noise, CLASSES, 0), 4);
            Tensor level = deviation(with).div(deviation(guided));
            Tensor expected = guided.mul(level).mul(new Scalar(0.7)).add(guided.mul(new Scalar(0.3)));
            assertClose(
                    "sample", draw(lab, ONE_STEP, ClassifierFree.of(4).withRescale(0.7)), step(noise, expected), 1e-4);
        });
    }

    private static Tensor deviation(Tensor tensor) {
        return tensor.view(2, -1).std(new long[] {1}, true, true).view(-1, 1, 1, 1);
    }

    @Test
    void acts_in_its_interval_only() {
        TensorScope.run(() -> {
            ClassifierFree strong = ClassifierFree.of(6);
            float[] plain = Tensors.floats(draw(lab, ONE_STEP.with(r -> r.steps(4)), ClassifierFree.OFF));
            assertThat(Tensors.floats(draw(lab, ONE_STEP.with(r -> r.steps(4)), strong.during(0.1, 0.2))))
                    .isEqualTo(plain);
            assertThat(Tensors.floats(draw(lab, ONE_STEP.with(r -> r.steps(4)), strong.during(0.9, 1))))
                    .isNotEqualTo(plain)
                    .isNotEqualTo(Tensors.floats(draw(lab, ONE_STEP.with(r -> r.steps(4)), strong)));
        });
    }

    @Test
    void a_network_that_always_needs_a_class_is_guided_away_from_another() {
        DiffusionModel unet = initialized(
                ModelKind.CLASS_CONDITIONED_UNET,
                Map.of(
                        "num_classes", 3L,
                        "class_emb_size", 2L,
                        "unet",
                                Map.of(
                                        "sample_size", 8L,
                                        "in_channels", 3L,
                                        "out_channels", 1L,
                                        "layers_per_block", 1L,
                                        "block_out_channels", List.of(8L, 8L),
                                        "norm_num_groups", 4L,
                                        "down_block_types", List.of("DownBlock2D", "DownBlock2D"),
                                        "up_block_types", List.of("UpBlock2D", "UpBlock2D"))));
        TensorScope.run(() -> {
            try (unet) {
                Tensor noise = noise();
                Tensor expected = step(
                        noise, guided(predict(unet, noise, CLASSES, 1), predict(unet, noise, List.of(1, 1), 1), 3));
                GenerationRequest away = ONE_STEP.with(r -> r.negativeClass(1));
                assertClose("sample", draw(unet, away, ClassifierFree.of(3)), expected, 1e-4);
                assertThatThrownBy(() -> draw(unet, ONE_STEP, ClassifierFree.of(3)))
                        .isInstanceOf(Problem.class)
                        .hasMessageContaining("negativeClass");
            }
        });
    }
}
