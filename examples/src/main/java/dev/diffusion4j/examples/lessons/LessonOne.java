// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples.lessons;

import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.image.Images;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.recipe.Recipe;
import dev.diffusion4j.recipe.Recipes;
import dev.diffusion4j.recipe.RunListener;
import dev.diffusion4j.recipe.RunProgress;
import dev.diffusion4j.recipe.RunSummary;
import dev.diffusion4j.recipe.TrainingRun;
import dev.diffusion4j.schedule.BetaSchedule;
import dev.diffusion4j.schedule.NoiseSchedule;
import dev.diffusion4j.scheduler.SamplingSettings;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.scheduler.StepResult;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/** Lesson 1: noise, schedules, a network that is trained, a step, a drawing. */
final class LessonOne {
    private LessonOne() {}

    static List<BufferedImage> noise(BufferedImage picture) {
        Scheduler scheduler = SchedulerKind.DDPM.create(Map.of("beta_schedule", "squaredcos_cap_v2"));
        return TensorScope.compute(() -> {
            try (NoiseSource noise = NoiseSource.shared(7)) {
                Tensor clean = Images.toSample(picture, 3);
                Tensor epsilon = noise.like(clean);
                List<BufferedImage> row = new ArrayList<>();
                for (double timestep : List.of(0.0, 250.0, 500.0, 750.0, 999.0)) {
                    row.addAll(Images.fromSamples(scheduler.addNoise(clean, epsilon, timestep)));
                }
                return row;
            }
        });
    }

    /** ᾱ at the last timestep: what is left of the picture. */
    static double left(BetaSchedule schedule, double start, double end) {
        NoiseSchedule noise = NoiseSchedule.ofBetas(schedule.betas(1000, start, end));
        return noise.alphasCumprod(999);
    }

    static RunSummary train(Path folder, int steps) {
        Recipe recipe = Recipes.builtIn("quickstart").with(r -> r.training.maxSteps = steps);
        RunListener listener = new RunListener() {
            @Override
            public void onStep(RunProgress progress) {
                System.out.printf("step %d: loss %.4f%n", progress.step(), progress.last100());
            }
        };
        return TrainingRun.start(recipe, folder).run(listener, () -> false);
    }

    /** The picture with noise, what the network takes it for, and the sample one step on. */
    static List<BufferedImage> step(Path model, BufferedImage picture, int firstStep) {
        PipelineFolder folder = PipelineFolder.open(model);
        SamplingSettings settings = SamplingSettings.ofSteps(20).withFirstStep(firstStep);
        return TensorScope.compute(() -> {
            try (DiffusionModel network = (DiffusionModel) folder.readModel(Devices.cpu(), Precision.F32, null);
                    SchedulerRun run = folder.readScheduler().start(settings);
                    NoiseSource noise = NoiseSource.shared(7);
                    NoGradGuard guard = new NoGradGuard()) {
                Tensor clean = Images.toSample(picture, network.sampleChannels());
                Tensor sample = run.addNoise(clean, noise.like(clean)); // forward, in one go
                Tensor timestep = Tensors.ofDoubles(run.timesteps()[run.stepIndex()]);
                Tensor output = network.forward(sample, timestep, Conditioning.NONE);
                StepResult back = run.step(output, sample, noise); // one step back
                return List.of(
                        Images.fromSamples(sample).get(0),
                        Images.fromSamples(back.predOriginalSample()).get(0),
                        Images.fromSamples(back.prevSample()).get(0));
            }
        });
    }

    static List<BufferedImage> draw(Path model) {
        GenerationRequest request = GenerationRequest.of(r -> r.count(8).seed(7).steps(20));
        try (DiffusionPipeline loaded = DiffusionPipeline.load(model);
                DiffusionPipeline pipeline = loaded.withScheduler(SchedulerKind.DPM_MULTISTEP);
                GenerationResult drawn = pipeline.generate(request)) {
            return drawn.images();
        }
    }
}
