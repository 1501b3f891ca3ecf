// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.bench;

import dev.diffusion4j.recipe.Recipe;
import dev.diffusion4j.recipe.Recipes;
import dev.diffusion4j.recipe.RunListener;
import dev.diffusion4j.recipe.RunPlan;
import dev.diffusion4j.recipe.RunProgress;
import dev.diffusion4j.recipe.TrainingRun;
import dev.diffusion4j.tensor.MainHeap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Updates of a recipe, run as {@code diffuse train} runs it, its curves included; it draws and validates nothing. */
final class RecipeCase {
    /** By then all pictures are in memory. */
    private static final int WARM_UP = 12;
    /** A training takes minutes and hours; the JVM compiles loops in its first seconds. */
    private static final long WARM_UP_NANOS = 15_000_000_000L;

    private RecipeCase() {}

    /** Arguments: the recipe, or a chain and its stage as {@code NAME:STAGE}; steps of a round; then settings {@code key=value} over the recipe's. */
    static void run(Path folder, List<String> arguments, Rounds rounds) throws IOException {
        List<String> changes = new ArrayList<>(arguments.subList(2, arguments.size()));
        changes.addAll(List.of("training.max_steps=1000000", "training.epochs=1000000", "samples.count=0"));
        Recipe recipe = recipe(arguments.get(0), changes);
        Path run = Files.createTempDirectory(folder.getParent(), "run-");
        int steps = Integer.parseInt(arguments.get(1));
        MainHeap.call(() -> (int) TrainingRun.start(recipe, run)
                .run(new Clock(rounds, steps), () -> false)
                .steps());
    }

    private static Recipe recipe(String word, List<String> changes) {
        String[] parts = word.split(":", 2);
        if (parts.length == 1) {
            return Recipes.load(word, changes);
        }
        List<String> ofStage =
                changes.stream().map(change -> parts[1] + "." + change).toList();
        return Objects.requireNonNull(
                Recipes.find(parts[0]).chain(null, ofStage).stages().get(parts[1]));
    }

    /** Waits between the rounds on the trainer's thread. */
    private static final class Clock implements RunListener {
        private final Rounds rounds;
        private final int stepsOfRound;
        private String note = "";
        private String dtype = "";
        private double firstLoss;
        private int steps;
        private long started;
        private boolean isWarm;
        private long begun;

        Clock(Rounds rounds, int stepsOfRound) {
            this.rounds = rounds;
            this.stepsOfRound = stepsOfRound;
        }

        @Override
        public void onPlan(RunPlan plan) {
            dtype = plan.dtype();
            note = dtype + ", " + plan.parameters() + " numbers trained";
        }

        @Override
        public void onStep(RunProgress progress) {
            if (progress.step() == 1) {
                firstLoss = progress.loss();
                started = System.nanoTime();
            }
            if (!isWarm) {
                isWarm = progress.step() >= WARM_UP && System.nanoTime() - started >= WARM_UP_NANOS;
                if (isWarm) {
                    rounds.ready(note, dtype);
                    waitOrEnd();
                }
            } else if (++steps == stepsOfRound) {
                rounds.done(
                        (System.nanoTime() - begun) / 1e9 / steps,
                        Map.of("loss", progress.loss(), "first_loss", firstLoss));
                waitOrEnd();
            }
        }

        private void waitOrEnd() {
            steps = 0;
            if (!rounds.next()) {
                System.exit(0);
            }
            begun = System.nanoTime();
        }
    }
}
