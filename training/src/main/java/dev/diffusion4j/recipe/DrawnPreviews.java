// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.guidance.ClassifierFree;
import dev.diffusion4j.image.ImageGrid;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerKind;
import java.awt.image.BufferedImage;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Draws the same pictures again and again while a network learns, from the averaged weights where there are any. */
final class DrawnPreviews implements Previews {
    private static final long SEED = 0;

    private final SamplesConfig config;
    private final TrainedPipeline trained;

    DrawnPreviews(SamplesConfig config, TrainedPipeline trained) {
        this.config = config;
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

    /** All classes where there are classes, row by row. */
    @Override
    public BufferedImage draw(BooleanSupplier stop) {
        try (DiffusionPipeline own = trained.open();
                DiffusionPipeline pipeline = own.withScheduler(config.scheduler(), Map.of());
                GenerationResult result = Drawing.generate(pipeline, request(), stop)) {
            return ImageGrid.of(result.images(), config.perRow());
        } finally {
            trained.frozen().rest();
        }
    }

    private GenerationRequest request() {
        GenerationRequest plain = GenerationRequest.of(r -> r.count(config.count())
                .seed(SEED)
                .steps(Math.min(config.steps(), trained.scheduler().numTrainTimesteps()))
                .eta(config.eta())
                .batchSize(64));
        ClassifierFree guidance = ClassifierFree.of(config.guidanceScale());
        return switch (trained.parts().conditioner().takes()) {
            case NOTHING -> plain;
            case PROMPT -> plain.with(r -> r.prompts(repeated(config.prompts())).guidance(guidance));
            case CLASS ->
                plain.with(r -> r.classes(repeated(
                                IntStream.range(0, trained.classes()).boxed().toList()))
                        .guidance(guidance));
        };
    }

    /** As many pictures of each as the recipe has. */
    private <T> List<T> repeated(List<T> subjects) {
        return subjects.stream()
                .flatMap(subject -> Collections.nCopies(config.count(), subject).stream())
                .toList();
    }
}
