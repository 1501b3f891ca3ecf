// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples.lessons;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.recipe.Recipe;
import dev.diffusion4j.recipe.Recipes;
import dev.diffusion4j.recipe.RunListener;
import dev.diffusion4j.recipe.RunSummary;
import dev.diffusion4j.recipe.TrainingRun;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Lesson 5: cross-attention, and small products beside weights that stay as they are. */
final class LessonFive {
    private LessonFive() {}

    /**
     * softmax(Q·Kᵀ/√d)·V with one head.
     *
     * @param query from pixels, {@code float32 (B, pixels, d)}
     * @param key from words, {@code float32 (B, words, d)}
     * @param value from words, {@code float32 (B, words, v)}
     * @return {@code float32 (B, pixels, v)}, owned by the current scope
     */
    static Tensor attend(Tensor query, Tensor key, Tensor value) {
        double scale = 1 / Math.sqrt(query.size(2));
        Tensor scores = query.matmul(key.transpose(1, 2)).mul(new Scalar(scale));
        return torch.softmax(scores, -1).matmul(value); // one word: its weight is always 1
    }

    static RunSummary adapt(Path model, Path folder, int steps) {
        Recipe recipe = Recipes.find("digits-lora").recipe("lesson", List.of("model.from=" + model));
        Recipe shorter = recipe.with(r -> r.training.maxSteps = steps);
        return TrainingRun.start(shorter, folder).run(new RunListener() {}, () -> false);
    }

    /** A row for each scale of the adapter; the network's own weights stay as they are. */
    static List<BufferedImage> scales(Path model, Path lora, List<Double> scales) {
        List<BufferedImage> rows = new ArrayList<>();
        GenerationRequest request =
                GenerationRequest.of(r -> r.classes(List.of(2, 5, 8)).seed(1).steps(20));
        try (DiffusionPipeline base = DiffusionPipeline.load(model)) {
            for (double scale : scales) {
                try (DiffusionPipeline adapted = base.withLoras(List.of(new LoraChoice(lora, scale)));
                        GenerationResult drawn = adapted.generate(request)) {
                    rows.addAll(drawn.images());
                }
            }
        }
        return rows;
    }
}
