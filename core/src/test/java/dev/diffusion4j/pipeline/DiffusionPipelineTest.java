// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.codec.Moments;
import dev.diffusion4j.codec.PixelCodec;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.model.ClassInput;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.unet2d.UNet2DModel;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.NoiseMode;
import dev.diffusion4j.scheduler.SamplingSettings;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Callers;
import dev.diffusion4j.testing.Golden;
import dev.diffusion4j.text.PromptSyntax;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a pipeline promises to those who share it: threads, batches, memory, its end. */
class DiffusionPipelineTest {
    private static final GenerationRequest REQUEST =
            GenerationRequest.of(r -> r.steps(6).count(2).seed(3));

    private static DiffusionPipeline loaded;
    private static DiffusionPipeline pipeline;

    @BeforeAll
    static void load() {
        loaded = DiffusionPipeline.load(Golden.path("tiny-pipeline"));
        pipeline = loaded.withScheduler(SchedulerKind.DDIM);
        draw(pipeline, REQUEST); // what is made once per process is there from now on
    }

    @AfterAll
    static void close() {
        pipeline.close();
        loaded.close();
    }

    private static float[] draw(DiffusionPipeline from, GenerationRequest request) {
        try (GenerationResult result = from.generate(request)) {
            return Tensors.floats(result.samples());
        }
    }

    @Test
    void a_call_that_is_cancelled_from_another_thread_ends_within_one_step_and_frees_its_memory() {
        long before = Pointer.totalCount();
        Cancellation cancellation = new Cancellation();
        AtomicInteger steps = new AtomicInteger();
        StepListener listener = event -> {
            if (steps.incrementAndGet() == 3) {
                CompletableFuture.runAsync(cancellation::cancel).join();
            }
        };
        assertThatExceptionOfType(CancellationException.class)
                .isThrownBy(() -> pipeline.generate(REQUEST.with(r -> r.steps(1000)), listener, cancellation));
        assertThat(steps).hasValue(3);
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
    }

    @Test
    void an_interrupt_cancels_a_call_and_the_thread_stays_interrupted() {
        StepListener listener = event -> Thread.currentThread().interrupt();
        assertThatExceptionOfType(CancellationException.class)
                .isThrownBy(() -> pipeline.generate(REQUEST, listener, new Cancellation()));
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void a_listener_that_throws_leaves_no_memory_behind() {
        long before = Pointer.totalCount();
        StepListener listener = event -> {
            throw new IllegalStateException("enough");
        };
        assertThatIllegalStateException()
                .isThrownBy(() -> pipeline.generate(REQUEST, listener, new Cancellation()))
                .withMessage("enough");
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
    }

    @Test
    void threads_virtual_ones_too_draw_at_once_what_each_draws_alone() throws Exception {
        float[] first = draw(pipeline, REQUEST);
        float[] second = draw(pipeline, REQUEST.with(r -> r.seed(90)));
        assertThat(first).isNotEqualTo(second);
        ExecutorService threads = Callers.open();
        try {
            List<Future<float[]>> drawn = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                GenerationRequest request = i % 2 == 0 ? REQUEST : REQUEST.with(r -> r.seed(90));
                drawn.add(threads.submit(() -> draw(pipeline, request)));
            }
            for (int i = 0; i < 10; i++) {
                assertThat(drawn.get(i).get()).isEqualTo(i % 2 == 0 ? first : second);
            }
        } finally {
            threads.shutdown();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = SchedulerKind.class,
            names = {"DDIM", "DDPM", "HEUN", "UNIPC", "PNDM"})
    void many_steps_hold_no_more_native_objects_than_few(SchedulerKind kind) {
        try (DiffusionPipeline own = loaded.withScheduler(kind)) {
            // a few more or less, since the garbage collector frees leftovers of other tests when it likes
            assertThat(mostAlive(own, 60)).isLessThan(mostAlive(own, 10) + 30);
        }
    }

    private static long mostAlive(DiffusionPipeline own, int steps) {
        long before = Pointer.totalCount();
        AtomicLong most = new AtomicLong();
        own.generate(
                        REQUEST.with(r -> r.steps(steps)),
                        event -> most.accumulateAndGet(Pointer.totalCount() - before, Math::max),
                        new Cancellation())
                .close();
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
        return most.get();
    }

    @Test
    void a_picture_does_not_depend_on_its_batch() {
        float[] together = draw(pipeline, REQUEST.with(r -> r.count(5).eta(0.5).batchSize(5)));
        float[] split = draw(pipeline, REQUEST.with(r -> r.count(5).eta(0.5).batchSize(2)));
        Golden.assertClose("batches of 2", split, together, 1e-4);
        float[] alone = draw(pipeline, REQUEST.with(r -> r.count(1).seed(7).eta(0.5)));
        Golden.assertClose("alone", alone, java.util.Arrays.copyOfRange(together, 4 * 256, 5 * 256), 1e-4);
        assertThat(draw(pipeline, REQUEST.with(r -> r.count(5).eta(0.5).batchSize(5))))
                .isEqualTo(together);
    }

    @Test
    void shared_noise_comes_from_one_stream_for_the_whole_call() {
        GenerationRequest shared = REQUEST.with(r -> r.noise(NoiseMode.SHARED));
        assertThat(draw(pipeline, shared.with(r -> r.count(1))))
                .isEqualTo(draw(pipeline, REQUEST.with(r -> r.count(1))));
        float[] both = draw(pipeline, shared.with(r -> r.batchSize(1))); // is drawn together all the same
        assertThat(both).isEqualTo(draw(pipeline, shared));
        float[] ownStream = draw(pipeline, REQUEST);
        float[] second = java.util.Arrays.copyOfRange(both, 256, 512);
        assertThat(second).isNotEqualTo(java.util.Arrays.copyOfRange(ownStream, 256, 512));
    }

    @Test
    void closing_frees_the_network_once_no_call_needs_it_and_ends_its_views() {
        long before = Pointer.totalCount();
        DiffusionPipeline own = DiffusionPipeline.load(Golden.path("tiny-pipeline"));
        DiffusionPipeline view = own.withScheduler(SchedulerKind.EULER);
        StepListener closing = event -> own.close();
        try (GenerationResult result = view.generate(REQUEST, closing, new Cancellation())) {
            assertThat(Tensors.floats(result.samples())).isEqualTo(drawnBy(SchedulerKind.EULER));
        }
        own.close();
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
        assertThatIllegalStateException()
                .isThrownBy(() -> view.generate(REQUEST))
                .withMessageContaining("closed");
        assertThatIllegalStateException().isThrownBy(() -> own.withScheduler(SchedulerKind.DDIM));
    }

    @Test
    void a_closed_view_is_closed_alone() {
        try (DiffusionPipeline own = DiffusionPipeline.load(Golden.path("tiny-pipeline"))) {
            DiffusionPipeline view = own.withScheduler(SchedulerKind.EULER);
            view.close();
            assertThatIllegalStateException()
                    .isThrownBy(() -> view.generate(REQUEST))
                    .withMessageContaining("closed");
            assertThat(draw(own, REQUEST)).doesNotContain(Float.NaN);
        }
    }

    private static float[] drawnBy(SchedulerKind kind) {
        try (DiffusionPipeline swapped = loaded.withScheduler(kind)) {
            return draw(swapped, REQUEST);
        }
    }

    /** What a network makes of such labels is compared with diffusers in UNet2DGoldenTest. */
    @Test
    void any_whole_number_is_a_class_where_classes_are_embedded_as_timesteps_are() {
        UNet2DModel model;
        try (Golden golden = Golden.open("unet2d");
                RandomStream initial = new RandomStream(7)) {
            String variant = golden.metadata().keySet().stream()
                    .filter(name -> golden.metadata().get(name).contains("\"class_embed_type\": \"timestep\""))
                    .findFirst()
                    .orElseThrow();
            model = UNet2DModel.fromConfig(golden.json(variant));
            model.initialize(initial);
        }
        try (DiffusionPipeline own = DiffusionPipeline.of(model, SchedulerKind.DDIM.create(Map.of()))) {
            assertThat(own.classInput()).isEqualTo(ClassInput.ANY_NUMBER);
            float[] expected = TensorScope.compute(() -> {
                Conditioning labels = Conditioning.ofClasses(Tensors.ofDoubles(7, 100_000));
                SampleSize size = model.sampleSize().orElseThrow();
                try (NoiseSource noise = NoiseSource.perImage(3, 2);
                        SchedulerRun run = own.scheduler().start(SamplingSettings.ofSteps(2))) {
                    Denoiser denoiser =
                            (sample, call) -> model.forward(sample, Tensors.ofDoubles(call.timestep()), labels);
                    Steering plain = new Steering(List.of(), own.scheduler(), own.codec(), denoiser);
                    long[] shape = {2, model.sampleChannels(), size.height(), size.width()};
                    return Tensors.floats(
                            new DenoisingLoop(plain, run, 2, noise, 0, StepListener.NONE, new Cancellation())
                                    .run(run.initialSample(noise.randn(shape)), AfterStep.NONE));
                }
            });
            GenerationRequest request = REQUEST.with(r -> r.steps(2));
            assertThat(draw(own, request.with(r -> r.classes(List.of(7, 100_000)))))
                    .isEqualTo(expected);
            assertThatExceptionOfType(Problem.class)
                    .isThrownBy(() -> own.generate(request))
                    .withMessageContaining("any whole number");
        }
    }

    @Test
    void seeds_do_not_run_over() {
        GenerationRequest last = REQUEST.with(r -> r.count(1).seed(Long.MAX_VALUE));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> last.with(r -> r.count(2)))
                .withMessageContaining("at most 9223372036854775806");
    }

    @Test
    void what_is_not_a_number_becomes_no_picture() {
        Tensor broken = Tensors.of(new float[] {0, Float.NaN, 0, 0}, 1, 1, 2, 2);
        try (GenerationResult result = new GenerationResult(broken, PixelCodec.signed(1))) {
            assertThatExceptionOfType(Problem.class)
                    .isThrownBy(result::images)
                    .withMessageContaining("the network drew numbers that are not finite in 1 of 1 picture");
        }
        Tensor fine = Tensors.of(new float[] {0, 1, 0, 0, 1, 1, 1, 1}, 2, 1, 2, 2);
        try (GenerationResult result = new GenerationResult(fine, overflowing())) {
            assertThatExceptionOfType(Problem.class)
                    .isThrownBy(result::images)
                    .withMessageContaining("the autoencoder made numbers that are not finite in 2 of 2 pictures")
                    .withMessageContaining("another vae");
        }
    }

    /** A codec of latents whose pictures are infinite where latents are 1. */
    private static SampleCodec overflowing() {
        return new SampleCodec() {
            @Override
            public long[] shape(SampleSize size) {
                return new long[] {1, size.height(), size.width()};
            }

            @Override
            public int pictureChannels() {
                return 1;
            }

            @Override
            public Moments moments(Tensor pictures) {
                return Moments.exact(pictures);
            }

            @Override
            public Tensor decode(Tensor samples) {
                return samples.div(samples.sub(new Scalar(1.0)));
            }

            @Override
            public boolean hasLatents() {
                return true;
            }
        };
    }

    @Test
    void weights_that_a1111_divides_by_are_named_where_numbers_are_not_finite() {
        GenerationRequest plain = GenerationRequest.of(r -> r.prompt("a (red:1.5) cat"));
        assertThat(GuidanceNotices.remedy(List.of(), plain)).doesNotContain("a1111");
        assertThat(GuidanceNotices.remedy(List.of(), plain.with(r -> r.promptSyntax(PromptSyntax.A1111))))
                .contains("weigh words of {prompt} less, or with {promptSyntax} comfy");
    }
}
