// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.bench;

import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.LoadOptions;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.Precision;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import javax.imageio.ImageIO;

/** Drawing on a card, as {@code peers/card.py} does it: a picture of 20 steps as a file, then the time of a step and of 40 with all around them. */
public final class CardCase {
    private static final String PROMPT = "a photo of a red cat on a hill";

    private final DiffusionPipeline pipeline;
    private final GenerationRequest request;

    private CardCase(DiffusionPipeline pipeline, int side) {
        this.pipeline = pipeline;
        this.request = GenerationRequest.of(
                r -> r.prompt(PROMPT).size(SampleSize.square(side)).seed(0).guidanceScale(7.5));
    }

    /** {@code CardCase FOLDER DEVICE SIDE f32|f16|bf16 OUT.png}. */
    public static void main(String[] args) throws IOException {
        int side = Integer.parseInt(args[2]);
        Precision precision = Precision.valueOf(args[3].toUpperCase(Locale.ROOT));
        LoadOptions options = LoadOptions.DEFAULT.withDevice(args[1]).withPrecision(precision);
        try (DiffusionPipeline loaded = DiffusionPipeline.load(Path.of(args[0]), options)) {
            CardCase own = new CardCase(loaded.withScheduler(SchedulerKind.EULER), side);
            own.keep(new File(args[4]));
            double few = own.median(10);
            double many = own.median(40);
            System.out.printf(
                    Locale.ROOT,
                    "{\"side\": \"java\", \"what\": \"draw\", \"dtype\": \"%s\", \"side_px\": %d, \"step\": %.6f, \"forty_steps\": %.6f}%n",
                    args[3],
                    side,
                    (many - few) / 30,
                    many);
        }
    }

    private void keep(File file) throws IOException {
        try (GenerationResult result = pipeline.generate(request.with(r -> r.steps(20)))) {
            ImageIO.write(result.images().get(0), "png", file);
        }
    }

    private double median(int steps) {
        double[] seconds = new double[3];
        for (int i = 0; i < seconds.length; i++) {
            long start = System.nanoTime();
            try (GenerationResult result = pipeline.generate(request.with(r -> r.steps(steps)))) {
                result.images();
            }
            seconds[i] = (System.nanoTime() - start) / 1e9;
        }
        Arrays.sort(seconds);
        return seconds[1];
    }
}
