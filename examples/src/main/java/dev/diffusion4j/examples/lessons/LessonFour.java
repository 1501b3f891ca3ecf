// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples.lessons;

import dev.diffusion4j.image.Images;
import dev.diffusion4j.metric.KernelDistance;
import dev.diffusion4j.model.Classifier;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.recipe.Recipe;
import dev.diffusion4j.recipe.Recipes;
import dev.diffusion4j.recipe.RunListener;
import dev.diffusion4j.recipe.TrainingRun;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.TensorScope;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/** Lesson 4: continuous time, and a number for how good pictures are. */
final class LessonFour {
    private LessonFour() {}

    static List<BufferedImage> noise(BufferedImage picture) {
        Scheduler scheduler = SchedulerKind.CONTINUOUS_COSINE.create(Map.of());
        return TensorScope.compute(() -> {
            try (NoiseSource noise = NoiseSource.shared(7)) {
                Tensor clean = Images.toSample(picture, 3);
                List<BufferedImage> row = new ArrayList<>();
                for (double tau : List.of(0.001, 0.3, 0.7, 0.999)) {
                    double timestep = scheduler.timestepAt(tau);
                    row.addAll(Images.fromSamples(scheduler.addNoise(clean, noise.like(clean), timestep)));
                }
                return row;
            }
        });
    }

    /** Trains with held-back pictures, which are measured after each epoch. */
    static List<Double> train(Recipe recipe, Path folder) {
        List<Double> distances = new ArrayList<>();
        RunListener listener = new RunListener() {
            @Override
            public void onValidation(long step, Map<String, Double> values) {
                distances.add(values.getOrDefault("val_kid", Double.NaN));
            }
        };
        TrainingRun.start(recipe, folder).run(listener, () -> false);
        return distances;
    }

    static Recipe small(Path classifier) {
        String ruler = "validation.kid.extractor=" + classifier;
        return Recipes.find("flowers-continuous").recipe("lesson", List.of(ruler));
    }

    /**
     * @param real {@code float32 (N, C, H, W)} in [−1, 1]; borrowed
     * @param drawn the same
     */
    static double distance(Classifier ruler, Tensor real, Tensor drawn) {
        return TensorScope.compute(() -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                return KernelDistance.unbiased(ruler.features(real), ruler.features(drawn));
            }
        });
    }

    /** The same noise in more and more steps. */
    static List<BufferedImage> steps(Path model, List<Integer> counts) {
        List<BufferedImage> row = new ArrayList<>();
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(model)) {
            for (int steps : counts) {
                try (GenerationResult drawn =
                        pipeline.generate(GenerationRequest.of(r -> r.seed(5).steps(steps)))) {
                    row.addAll(drawn.images());
                }
            }
        }
        return row;
    }
}
