// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples.lessons;

import dev.diffusion4j.model.clip.Clip;
import dev.diffusion4j.pipeline.Cancellation;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.GuideKit;
import dev.diffusion4j.pipeline.LossTrace;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.recipe.Recipe;
import dev.diffusion4j.recipe.Recipes;
import dev.diffusion4j.recipe.RunListener;
import dev.diffusion4j.recipe.RunSummary;
import dev.diffusion4j.recipe.TrainingRun;
import dev.diffusion4j.scheduler.SchedulerKind;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Lesson 2: other schedulers, fine-tuning, guidance by losses, classes. */
final class LessonTwo {
    private LessonTwo() {}

    /** The same noise, drawn by three algorithms from one network. */
    static List<BufferedImage> schedulers(Path model, int steps) {
        List<BufferedImage> rows = new ArrayList<>();
        GenerationRequest request = GenerationRequest.of(r -> r.count(4).seed(1).steps(steps));
        try (DiffusionPipeline loaded = DiffusionPipeline.load(model)) {
            for (SchedulerKind kind : List.of(SchedulerKind.DDPM, SchedulerKind.DDIM, SchedulerKind.DPM_MULTISTEP)) {
                try (DiffusionPipeline pipeline = loaded.withScheduler(kind);
                        GenerationResult drawn = pipeline.generate(request)) {
                    rows.addAll(drawn.images());
                }
            }
        }
        return rows;
    }

    static RunSummary tune(Path model, String data, Path folder, int steps) {
        Recipe recipe = Recipes.builtIn("finetune").with(r -> {
            r.model.from = model.toString();
            r.data.source = data;
            r.training.maxSteps = steps;
        });
        return TrainingRun.start(recipe, folder).run(new RunListener() {}, () -> false);
    }

    static List<BufferedImage> steered(Path model, List<String> guides, Clip.Origin clip) {
        LossTrace losses = new LossTrace();
        try (GuideKit kit = new GuideKit(clip, System.out::println);
                DiffusionPipeline loaded = DiffusionPipeline.load(model);
                DiffusionPipeline ddim = loaded.withScheduler(SchedulerKind.DDIM);
                DiffusionPipeline pipeline = ddim.steeredBy(kit.parseAll(guides)); // "color=#55FFAA:40"
                GenerationResult drawn = pipeline.generate(
                        GenerationRequest.of(r -> r.count(4).seed(1).steps(40)), losses, new Cancellation())) {
            System.out.println(losses.summary());
            return drawn.images();
        }
    }

    static List<BufferedImage> classes(Path model, int each) {
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(model)) {
            List<Integer> rows = IntStream.range(0, each * pipeline.numClasses())
                    .mapToObj(i -> i / each)
                    .toList(); // 0, 0, …, 1, 1, …
            try (GenerationResult drawn =
                    pipeline.generate(GenerationRequest.of(r -> r.classes(rows).steps(20)))) {
                return drawn.images();
            }
        }
    }
}
