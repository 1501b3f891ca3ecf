// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.guidance.ClassifierFree;
import dev.diffusion4j.image.ImageGrid;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerKind;
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

    /** @throws Problem (a wrong request) where the recipe's network is trained for other algorithms than its pictures are drawn by */
    static void check(Recipe recipe, ModelFamily family) {
        if (recipe.samples().count() == 0 || !family.isDenoiser()) {
            return;
        }
        SchedulerKind trained = recipe.scheduler().kind();
        SchedulerKind drawn = recipe.samples().scheduler();
        Map<String, @Nullable Object> config = recipe.scheduler().create().config();
        if (drawn.create(config).chain() != trained.create(config).chain()) {
            throw Problem.request(
                    "samples.scheduler '" + drawn.key() + "' cannot draw from a network that is trained for '"
                            + trained.key() + "': set samples.scheduler=" + trained.key());
        }
    }

    /**
     * All classes where there are classes, row by row.
     *
     * @param stop asked after each denoising step
     * @throws java.util.concurrent.CancellationException where {@code stop} asked for it
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
        GenerationRequest plain = GenerationRequest.of(r -> r.count(config.count())
                .seed(SEED)
                .steps(Math.min(config.steps(), trained.numTrainTimesteps()))
                .eta(config.eta())
                .batchSize(64));
        if (model.prompts().isPresent()) {
            return plain.with(r -> r.prompts(config.prompts().stream()
                    .flatMap(prompt -> java.util.Collections.nCopies(config.count(), prompt).stream())
                    .toList()));
        }
        if (model.numClasses() == 0) {
            return plain;
        }
        List<Integer> classes = new ArrayList<>();
        for (int label = 0; label < model.numClasses(); label++) {
            classes.addAll(java.util.Collections.nCopies(config.count(), label));
        }
        return plain.with(r -> r.classes(classes).guidance(ClassifierFree.of(config.guidanceScale())));
    }
}
