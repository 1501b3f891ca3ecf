// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.guidance.ClassifierFree;
import dev.diffusion4j.image.ImageGrid;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationRequest;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.trainer.Ema;
import dev.diffusion4j.trainer.TrainState;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Draws the same pictures again and again while a network learns, from the averaged weights where there are any. */
final class Previews {
    private static final long SEED = 0;

    private final SamplesConfig config;
    private final DiffusionModel model;
    private final Scheduler trained;

    /** @param model borrowed */
    Previews(SamplesConfig config, DiffusionModel model, Scheduler trained) {
        this.config = config;
        this.model = model;
        this.trained = trained;
    }

    /**
     * All classes where there are classes, row by row.
     *
     * @param stop asked after each denoising step
     * @throws java.util.concurrent.CancellationException where {@code stop} said so
     */
    BufferedImage draw(TrainState state, BooleanSupplier stop) {
        Ema ema = state.ema();
        if (ema == null) {
            return draw(stop);
        }
        AtomicReference<@Nullable BufferedImage> grid = new AtomicReference<>();
        ema.whileApplied(() -> grid.set(draw(stop)));
        return java.util.Objects.requireNonNull(grid.get());
    }

    private BufferedImage draw(BooleanSupplier stop) {
        try (DiffusionPipeline own = DiffusionPipeline.borrowing(model, trained);
                DiffusionPipeline pipeline = own.withScheduler(config.scheduler(), Map.of());
                GenerationResult result = Drawing.generate(pipeline, request(), stop)) {
            return ImageGrid.of(result.images(), config.perRow());
        }
    }

    private GenerationRequest request() {
        GenerationRequest plain = GenerationRequest.DEFAULT
                .withCount(config.count())
                .withSeed(SEED)
                .withSteps(Math.min(config.steps(), trained.numTrainTimesteps()))
                .withEta(config.eta())
                .withBatchSize(64);
        if (model.numClasses() == 0) {
            return plain;
        }
        List<Integer> classes = new ArrayList<>();
        for (int label = 0; label < model.numClasses(); label++) {
            classes.addAll(java.util.Collections.nCopies(config.count(), label));
        }
        return plain.withClasses(classes).withGuidance(ClassifierFree.of(config.guidanceScale()));
    }
}
