// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static dev.diffusion4j.testing.Golden.assertClose;

import dev.diffusion4j.adapter.LoraAdapter;
import dev.diffusion4j.adapter.LoraView;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A network that was just loaded puts its weights in order while threads begin to use it in several ways. */
class FirstUseTest {
    private static final int ROUNDS = 6;

    @TempDir
    Path folder;

    private static DiffusionPipeline load() {
        return DiffusionPipeline.load(Golden.path("tiny-pipeline"));
    }

    private static float[] draw(DiffusionPipeline from, int width) {
        GenerationRequest request =
                GenerationRequest.of(r -> r.steps(2).count(2).seed(3).size(new SampleSize(width, 16)));
        DiffusionPipeline view = from.withScheduler(SchedulerKind.DDIM);
        try (GenerationResult result = view.generate(request)) {
            return Tensors.floats(result.samples());
        }
    }

    private static float[] drawSteered(DiffusionPipeline from) {
        try (GuideKit kit = new GuideKit()) {
            return draw(from.steeredBy(kit.parseAll(List.of("color=#55FFAA:40,gradient=exact"))), 16);
        }
    }

    private static float[] drawAdapted(DiffusionPipeline from, Path file) {
        try (LoraAdapter adapter = LoraAdapter.read(file);
                LoraView view = from.fit(List.of(new LoraView.Use(adapter, 0.3)))) {
            return draw(from.withAdapters(view), 16);
        }
    }

    private Path adapter() {
        Path file = folder.resolve("lora.safetensors");
        String layer = "unet.mid_block.attentions.0.to_v.lora_";
        TensorScope.run(() -> {
            try (RandomStream random = new RandomStream(1)) {
                Safetensors.write(
                        file,
                        Map.of(layer + "A.weight", random.randn(2, 16), layer + "B.weight", random.randn(16, 2)),
                        Map.of());
            }
        });
        return file;
    }

    @Test
    void threads_that_begin_at_once_each_draw_what_they_would_draw_alone() throws Exception {
        Path lora = adapter();
        List<Function<DiffusionPipeline, float[]>> ways = List.of(
                pipeline -> draw(pipeline, 16),
                FirstUseTest::drawSteered,
                pipeline -> drawAdapted(pipeline, lora),
                pipeline -> draw(pipeline, 24),
                FirstUseTest::drawSteered,
                pipeline -> draw(pipeline, 32));
        List<float[]> alone = new ArrayList<>();
        for (Function<DiffusionPipeline, float[]> way : ways) {
            try (DiffusionPipeline pipeline = load()) {
                alone.add(way.apply(pipeline));
            }
        }
        ExecutorService threads = Executors.newFixedThreadPool(ways.size());
        try {
            for (int round = 0; round < ROUNDS; round++) {
                List<float[]> together = together(threads, ways);
                for (int i = 0; i < ways.size(); i++) {
                    assertClose("way " + i + " in round " + round, together.get(i), alone.get(i), 1e-5);
                }
            }
        } finally {
            threads.shutdown();
        }
    }

    private static List<float[]> together(ExecutorService threads, List<Function<DiffusionPipeline, float[]>> ways)
            throws Exception {
        CyclicBarrier start = new CyclicBarrier(ways.size());
        try (DiffusionPipeline pipeline = load()) {
            pipeline.numClasses(); // loads it
            List<Future<float[]>> drawn = new ArrayList<>();
            for (Function<DiffusionPipeline, float[]> way : ways) {
                drawn.add(threads.submit(() -> {
                    start.await();
                    return way.apply(pipeline);
                }));
            }
            List<float[]> results = new ArrayList<>();
            for (Future<float[]> each : drawn) {
                results.add(each.get());
            }
            return results;
        }
    }
}
