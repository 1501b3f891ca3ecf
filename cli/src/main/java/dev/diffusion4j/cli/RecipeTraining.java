// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.folder.PipelinePlace;
import dev.diffusion4j.recipe.Recipe;
import dev.diffusion4j.recipe.Recipes;
import dev.diffusion4j.recipe.RunListener;
import dev.diffusion4j.recipe.RunParts;
import dev.diffusion4j.recipe.RunSummary;
import dev.diffusion4j.recipe.RunTrial;
import dev.diffusion4j.recipe.TrainingRun;
import dev.diffusion4j.scheduler.TerminalSignal;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;

/** What the commands that train do with a recipe, or with a run: train, say where the model is, publish it. */
final class RecipeTraining {
    private final PublishOptions publish;
    private final PrintWriter out;
    private final PrintWriter err;

    RecipeTraining(PublishOptions publish, CommandSpec spec) {
        this.publish = publish;
        this.out = spec.commandLine().getOut();
        this.err = spec.commandLine().getErr();
    }

    /**
     * Trains from the beginning. What can fail before the training fails before anything is written, here and on the Hub.
     *
     * @param note a line for whoever sees the run begin; {@code null} for none
     * @return the exit code
     */
    int start(Recipe recipe, Path folder, @Nullable String note) {
        return Processes.train(parts -> start(recipe, folder, note, parts));
    }

    private int start(Recipe recipe, Path folder, @Nullable String note, RunParts parts) {
        if (!isFirst(parts)) {
            return runBeside(TrainingRun.start(recipe, folder, parts));
        }
        PublishOptions.Target target = publish.target(folder);
        download(recipe);
        if (target != null) {
            TrainingRun.check(recipe, folder);
            target.create();
        }
        TrainingRun run = TrainingRun.start(recipe, folder, parts);
        if (note != null) {
            err.println(note);
        }
        return run(run, target);
    }

    /**
     * For a recipe that was given no data of its own: loud, because the pictures that come out look like nothing that a person had in
     * mind. {@code null} where the recipe's data comes with it.
     */
    static @Nullable String note(String name) {
        if (!Recipes.WITH_STAND_IN_DATA.contains(name)) {
            return null;
        }
        return "diffuse: NOTE: " + name + " was given no --data and learns from MADE-UP SHAPES; for pictures of yours"
                + " give --data folder:PATH, for a data set of the Hub --data hf:org/name";
    }

    /** The network that a recipe starts from, where that is on the Hub: here its progress can be seen. */
    static void download(Recipe recipe) {
        String from = recipe.model().from();
        if (from != null) {
            try (HubLine line = new HubLine()) {
                PipelinePlace.folder(Path.of(from), null, line);
            }
        }
    }

    /** Says what a training would take, and trains nothing; returns the exit code. */
    int plan(Recipe recipe) {
        download(recipe);
        new TrainingConsole(out, err).onPlan(RunTrial.of(recipe));
        return 0;
    }

    /** Goes on with the run in {@code folder}; returns the exit code. */
    int resume(Path folder, boolean allowDrift) {
        return Processes.train(parts -> resume(folder, allowDrift, parts));
    }

    private int resume(Path folder, boolean allowDrift, RunParts parts) {
        if (!isFirst(parts)) {
            return runBeside(TrainingRun.resume(folder, allowDrift, parts));
        }
        PublishOptions.Target target = publish.target(folder);
        TrainingRun run = TrainingRun.resume(folder, allowDrift, parts);
        if (target != null) {
            target.create();
        }
        return run(run, target);
    }

    /**
     * Runs to the end, or to a Ctrl-C.
     *
     * @param target where the model is published at the end; {@code null} where it is not
     * @return the exit code
     */
    int run(TrainingRun run, PublishOptions.@Nullable Target target) {
        warn(run);
        TrainingConsole console = new TrainingConsole(out, err);
        try (StopSignal stop = new StopSignal(err, StopSignal.CHECKPOINT)) {
            RunSummary summary = run.run(console, stop);
            console.end();
            if (!summary.finished()) {
                err.println("stopped after step " + summary.steps() + "; go on with: "
                        + CommandText.of(resumeWords(summary.folder(), target))
                        + Processes.inAsMany(run.processes()));
                return ExitCodes.FAILURE;
            }
            out.println(result(run));
        }
        if (target != null) {
            target.send(run.folder().path(), out);
        }
        return 0;
    }

    static boolean isFirst(RunParts parts) {
        return parts.group().world().isFirst();
    }

    /** As one of the processes that say nothing. */
    int runBeside(TrainingRun run) {
        try (StopSignal stop = new StopSignal(new PrintWriter(Writer.nullWriter()), StopSignal.CHECKPOINT)) {
            return run.run(new RunListener() {}, stop).finished() ? 0 : ExitCodes.FAILURE;
        }
    }

    private void warn(TrainingRun run) {
        if (run.family().isDenoiser()) {
            TerminalSignal.warning(run.recipe().scheduler().create())
                    .ifPresent(line -> err.println("diffuse: " + line));
        }
    }

    private static List<String> resumeWords(Path folder, PublishOptions.@Nullable Target target) {
        List<String> words = new ArrayList<>(List.of("train", "--resume", folder.toString()));
        if (target != null) {
            words.addAll(target.flags());
        }
        return words;
    }

    private static String result(TrainingRun run) {
        String saved = run.recipe().export().folder();
        if (run.recipe().lora() == null) {
            return "the model is in " + (saved != null ? saved : run.folder().model());
        }
        return "the LoRA is in " + (saved != null ? saved : run.folder().lora()) + ", for the model in "
                + run.recipe().model().from();
    }
}
