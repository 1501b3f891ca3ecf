// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples;

import dev.diffusion4j.recipe.Recipe;
import dev.diffusion4j.recipe.Recipes;
import dev.diffusion4j.recipe.RunListener;
import dev.diffusion4j.recipe.RunPlan;
import dev.diffusion4j.recipe.RunProgress;
import dev.diffusion4j.recipe.RunSummary;
import dev.diffusion4j.recipe.TrainingRun;
import java.nio.file.Path;
import java.util.List;

/**
 * Trains a small network on digits that the library makes itself, class by class. The run's folder then holds the model, sample
 * grids, the loss curve and checkpoints; {@code diffuse sample --model FOLDER/model} draws from it.
 */
public final class TrainOnDigits {
    private TrainOnDigits() {}

    /** {@code TrainOnDigits RUN_FOLDER [STEPS]}. */
    public static void main(String[] args) {
        run(Path.of(args[0]), args.length > 1 ? Integer.parseInt(args[1]) : 200);
    }

    /** The changes are those of {@code diffuse train quickstart --set …}. */
    static RunSummary run(Path folder, int steps) {
        Recipe recipe = Recipes.load(
                "quickstart",
                List.of(
                        "name=tiny-digits",
                        "model.config.block_out_channels=[16, 32]",
                        "model.config.norm_num_groups=16",
                        "training.max_steps=" + steps,
                        "training.batch_size=16",
                        "samples.every_steps=100",
                        "samples.count=2"));
        return TrainingRun.start(recipe, folder).run(new Printer(), () -> false);
    }

    /** Receives the progress of the run, on the thread that trains. */
    private static final class Printer implements RunListener {
        @Override
        public void onPlan(RunPlan plan) {
            System.out.printf("%,d parameters, about %.0f s%n", plan.parameters(), plan.expectedSeconds());
        }

        @Override
        public void onStep(RunProgress progress) {
            if (progress.step() % 20 == 0) {
                System.out.printf("step %d: loss %.4f%n", progress.step(), progress.last100());
            }
        }

        @Override
        public void onSamples(Path picture) {
            System.out.println("look at " + picture);
        }
    }
}
