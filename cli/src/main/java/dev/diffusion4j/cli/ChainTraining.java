// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.recipe.Chain;
import dev.diffusion4j.recipe.ChainRun;
import dev.diffusion4j.recipe.RunListener;
import dev.diffusion4j.recipe.RunParts;
import dev.diffusion4j.recipe.RunSummary;
import dev.diffusion4j.recipe.RunTrial;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;

/** Runs a chain of recipes, or goes on with one, and says where the models are. */
final class ChainTraining {
    private final PublishOptions publish;
    private final PrintWriter out;
    private final PrintWriter err;

    ChainTraining(PublishOptions publish, CommandSpec spec) {
        this.publish = publish;
        this.out = spec.commandLine().getOut();
        this.err = spec.commandLine().getErr();
    }

    /**
     * Trains from the beginning.
     *
     * @param folder {@code null} for the usual one
     * @return the exit code
     */
    int start(Chain chain, @Nullable Path folder) {
        refusePublishing(chain);
        Path place = folder != null ? folder : Path.of("runs", chain.name());
        return Processes.train(parts -> run(ChainRun.start(chain, place, parts), parts));
    }

    /** Says what its parts would take, as far as that can be known before any is done; returns the exit code. */
    int plan(Chain chain) {
        TrainingConsole console = new TrainingConsole(out, err);
        chain.stages().forEach((stage, recipe) -> {
            if (chain.isOnEarlier(stage)) {
                out.println(recipe.name() + ": known when the parts before it are done");
            } else {
                console.onPlan(RunTrial.of(recipe));
            }
        });
        out.flush();
        return 0;
    }

    /** Goes on with the chain in {@code folder}; returns the exit code. */
    int resume(Path folder, boolean allowDrift) {
        refusePublishing(ChainRun.resume(folder, allowDrift).chain());
        return Processes.train(parts -> run(ChainRun.resume(folder, allowDrift, parts), parts));
    }

    /** As one of the processes that say nothing. */
    private int runBeside(ChainRun run) {
        try (StopSignal stop = new StopSignal(new PrintWriter(Writer.nullWriter()), StopSignal.CHECKPOINT)) {
            return run.run(new RunListener() {}, stop).finished() ? 0 : ExitCodes.FAILURE;
        }
    }

    private void refusePublishing(Chain chain) {
        if (publish.isRequested) {
            throw Problem.request("--push-to-hub publishes one model, but " + chain.name() + " makes "
                    + chain.stages().size() + ": publish each when it is done, diffuse hub push DIR/"
                    + chain.stages().keySet().iterator().next() + " ID");
        }
    }

    private int run(ChainRun run, RunParts parts) {
        if (!RecipeTraining.isFirst(parts)) {
            return runBeside(run);
        }
        TrainingConsole console = new TrainingConsole(out, err);
        try (StopSignal stop = new StopSignal(err, StopSignal.CHECKPOINT)) {
            RunSummary summary = run.run(console, stop);
            console.end();
            if (!summary.finished()) {
                err.println("stopped after step " + summary.steps() + " of " + summary.folder() + "; go on with: "
                        + CommandText.of(
                                List.of("train", "--resume", run.folder().toString()))
                        + Processes.inAsMany(parts.group().world().size()));
                return ExitCodes.FAILURE;
            }
            out.println("the models are in " + run.folder() + ": "
                    + String.join(", ", run.chain().stages().keySet())
                    + (run.chain().result() == null
                            ? ""
                            : "; that of " + run.chain().result() + " is also the folder's own"));
        }
        return 0;
    }
}
