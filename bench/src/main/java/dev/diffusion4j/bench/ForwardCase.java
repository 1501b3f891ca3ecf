// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.bench;

import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.Cancellation;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.GuideKit;
import dev.diffusion4j.pipeline.LoadOptions;
import dev.diffusion4j.pipeline.StepListener;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.tensor.Precision;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Denoising steps by {@link DiffusionPipeline#generate}: the network's forward pass and, on top of it, the scheduler's step. */
final class ForwardCase {
    private ForwardCase() {}

    /** Arguments: side, batch size, {@code f32|bf16|auto}, steps of a round; a guidance where the steps are guided. */
    static void run(Path folder, List<String> arguments, Rounds rounds) {
        int batch = Integer.parseInt(arguments.get(1));
        Precision precision = Precision.valueOf(arguments.get(2).toUpperCase(java.util.Locale.ROOT));
        int steps = Integer.parseInt(arguments.get(3));
        GenerationRequest request = GenerationRequest.of(r -> r.count(batch)
                .batchSize(batch)
                .size(SampleSize.square(Integer.parseInt(arguments.get(0))))
                .steps(steps + 1));
        try (GuideKit kit = new GuideKit();
                DiffusionPipeline loaded =
                        DiffusionPipeline.load(folder, LoadOptions.DEFAULT.withPrecision(precision));
                DiffusionPipeline pipeline = loaded.steeredBy(kit.parseAll(arguments.subList(4, arguments.size())))) {
            round(pipeline, request);
            String dtype = pipeline.precision().key();
            rounds.ready(dtype, dtype);
            while (rounds.next()) {
                rounds.done(round(pipeline, request), Map.of());
            }
        }
    }

    /** Median time between the ends of two steps. */
    private static double round(DiffusionPipeline pipeline, GenerationRequest request) {
        double[] ends = new double[request.steps()];
        StepListener clock = event -> ends[event.stepIndex()] = System.nanoTime() / 1e9;
        try (GenerationResult result = pipeline.generate(request, clock, new Cancellation())) {
            double[] times = new double[ends.length - 1];
            for (int i = 0; i < times.length; i++) {
                times[i] = ends[i + 1] - ends[i];
            }
            Arrays.sort(times);
            return times[times.length / 2];
        }
    }
}
