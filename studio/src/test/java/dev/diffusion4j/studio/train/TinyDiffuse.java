// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.train;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.recipe.Recipe;
import dev.diffusion4j.recipe.Recipes;
import dev.diffusion4j.recipe.RunListener;
import dev.diffusion4j.recipe.RunPlan;
import dev.diffusion4j.recipe.RunTrial;
import dev.diffusion4j.recipe.TrainingRun;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** As much of {@code diffuse train} as the studio calls: the command itself is built on the studio. */
public final class TinyDiffuse {
    private static final RunListener CONSOLE = new RunListener() {
        @Override
        public void onPlan(RunPlan plan) {
            System.out.println(
                    plan.recipe() + ": " + plan.parameters() + " parameters, " + plan.totalSteps() + " steps");
        }
    };

    private @Nullable Path out;
    private @Nullable Path resume;
    private @Nullable String recipe;
    private @Nullable String preset;
    private boolean isPlan;
    private final List<String> changes = new ArrayList<>();

    private TinyDiffuse(String[] words) {
        for (int i = 1; i < words.length; i++) {
            switch (words[i]) {
                case "--out" -> out = Path.of(words[++i]);
                case "--resume" -> resume = Path.of(words[++i]);
                case "--preset" -> preset = words[++i];
                case "--set" -> changes.add(words[++i]);
                case "--plan" -> isPlan = true;
                default -> recipe = words[i];
            }
        }
    }

    public static void main(String[] words) {
        try {
            if (words[0].equals("compare")) {
                compare(words);
                return;
            }
            new TinyDiffuse(words).train();
        } catch (Problem e) {
            System.out.println("diffuse: " + e.getMessage());
            System.exit(1);
        }
    }

    /** Leaves a table that has what was asked for. */
    private static void compare(String[] words) {
        Map<String, String> options = new HashMap<>();
        for (String word : words) {
            String[] pair = word.split("=", 2);
            options.put(pair[0], pair[pair.length - 1]);
        }
        if (options.get("--steps").contains("0,")) {
            throw Problem.request("--steps must be > 0, but was 0");
        }
        Path out = Path.of(options.get("--out"));
        AtomicFile.write(out.resolve("words.txt"), String.join("\n", words));
        AtomicFile.write(
                out.resolve("compare.json"),
                """
                {"rows": [{"model": "tiny", "scheduler": "%s", "steps": 5, "guidance_scale": 1.0, "pictures": 8, "seconds": 1.5, "figures": []}]}
                """
                        .formatted(options.get("--scheduler")));
    }

    private void train() {
        if (resume != null) {
            TrainingRun.resume(resume, false).run(CONSOLE, () -> false);
            return;
        }
        Recipe made = Recipes.find(String.valueOf(recipe)).recipe(preset, changes);
        if (isPlan) {
            CONSOLE.onPlan(RunTrial.of(made));
        } else {
            TrainingRun.start(made, java.util.Objects.requireNonNull(out)).run(CONSOLE, () -> false);
        }
    }

    /** How it is called. */
    public static List<String> command() {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "--add-modules",
                "jdk.incubator.vector",
                "-cp",
                System.getProperty("java.class.path"),
                TinyDiffuse.class.getName());
    }
}
