// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.diffusion4j.folder.PartStore;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** One network for several pipelines, dropped and loaded again. */
class SharedNetworkTest {
    private static final Path FOLDER = Golden.path("tiny-pipeline");
    private static final GenerationRequest REQUEST =
            GenerationRequest.of(r -> r.steps(4).seed(3));

    private static float[] expected;

    private final PartStore store = new PartStore();

    @BeforeAll
    static void draw() {
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(FOLDER)) {
            expected = draw(pipeline);
        }
    }

    private DiffusionPipeline load() {
        return DiffusionPipeline.load(FOLDER, LoadOptions.DEFAULT, store);
    }

    private static float[] draw(DiffusionPipeline pipeline) {
        return draw(pipeline, StepListener.NONE);
    }

    private static float[] draw(DiffusionPipeline pipeline, StepListener listener) {
        try (DiffusionPipeline view = pipeline.withScheduler(SchedulerKind.DDIM);
                GenerationResult result = view.generate(REQUEST, listener, new Cancellation())) {
            return Tensors.floats(result.samples());
        }
    }

    @Test
    void two_pipelines_of_one_folder_have_one_network_which_goes_with_the_last() {
        long before = Pointer.totalCount();
        DiffusionPipeline first = load();
        long network = Pointer.totalCount() - before;
        DiffusionPipeline second = load();
        assertThat(Pointer.totalCount() - before - network).isLessThan(network / 10);
        assertThat(store.size()).isEqualTo(1);
        try (DiffusionPipeline other =
                DiffusionPipeline.load(FOLDER, LoadOptions.DEFAULT.withPrecision(Precision.BF16), store)) {
            assertThat(store.size()).isEqualTo(2);
            assertThat(other.precision()).isEqualTo(Precision.BF16);
        }
        first.close();
        first.close();
        assertThatIllegalStateException().isThrownBy(() -> draw(first));
        assertThat(draw(second)).isEqualTo(expected);
        second.close();
        assertThat(store.size()).isZero();
        assertThat(Pointer.totalCount()).isLessThan(before + network / 10);
    }

    @Test
    void a_network_that_is_dropped_while_a_call_runs_goes_when_it_ends_and_is_loaded_again() {
        long before = Pointer.totalCount();
        try (DiffusionPipeline pipeline = load();
                DiffusionPipeline other = load()) {
            long network = Pointer.totalCount() - before;
            assertThat(draw(pipeline, event -> other.dropNetwork())).isEqualTo(expected);
            assertThat(Pointer.totalCount()).isLessThan(before + network / 10);
            assertThat(draw(other)).isEqualTo(expected);
            assertThat(Pointer.totalCount()).isGreaterThan(before + network / 2);
        }
        assertThat(store.size()).isZero();
    }

    @Test
    void calls_of_several_threads_draw_the_same_while_the_network_is_dropped() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try (DiffusionPipeline pipeline = load()) {
            List<Future<float[]>> drawn = new ArrayList<>();
            for (int i = 0; i < 9; i++) {
                drawn.add(threads.submit(() -> draw(pipeline, event -> pipeline.dropNetwork())));
            }
            for (Future<float[]> picture : drawn) {
                assertThat(picture.get()).isEqualTo(expected);
            }
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void a_network_that_adapters_know_stays() {
        try (DiffusionPipeline pipeline = load()) {
            assertThat(pipeline.dropNetwork()).isTrue();
            pipeline.fit(List.of()).close();
            assertThat(pipeline.dropNetwork()).isFalse();
            assertThat(draw(pipeline)).isEqualTo(expected);
        }
    }
}
