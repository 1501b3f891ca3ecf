// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.recipe.Chain;
import dev.diffusion4j.recipe.ChainRun;
import dev.diffusion4j.recipe.Recipe;
import dev.diffusion4j.recipe.RecipeDocument;
import dev.diffusion4j.recipe.Recipes;
import dev.diffusion4j.tensor.MainHeap;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Trains a network by a recipe, or continues a run. */
@Command(
        name = "train",
        description = "Train a network by a recipe, or go on with a run that was stopped.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  diffuse train mnist-class-conditioned --data mnist --set training.epochs=2",
            "  diffuse train butterflies-32 --preset quick",
            "  diffuse train --resume runs/mnist-class-conditioned"
        },
        mixinStandardHelpOptions = true)
final class TrainCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec = CommandSpec.create();

    @Parameters(
            paramLabel = "RECIPE|FILE.yaml",
            arity = "0..1",
            completionCandidates = Choices.RecipeNames.class,
            description = "A recipe by name, see 'diffuse recipes', or a file.")
    @Nullable
    String recipe;

    @Option(
            names = "--resume",
            paramLabel = "DIR",
            description = "Go on with the run in this folder; it ends in the same weights as if it had not stopped.")
    @Nullable
    Path resume;

    @Option(
            names = "--allow-drift",
            description =
                    "Resume also on a machine that computes other last bits, or with data that changed, and so end in other"
                            + " weights.")
    boolean allowDrift;

    @Option(
            names = "--preset",
            paramLabel = "NAME",
            description =
                    "One of the recipe's presets, such as quick, which ends within half an hour; see 'diffuse recipes'.")
    @Nullable
    String preset;

    @Option(
            names = "--data",
            paramLabel = "SPEC",
            description =
                    "Other data than the recipe's: digits, mnist, folder:PATH, hf:org/name, …; see 'diffuse data --help'.")
    @Nullable
    String data;

    @Mixin
    ColumnOptions columns = new ColumnOptions();

    @Option(
            names = {"-o", "--out"},
            paramLabel = "DIR",
            description = "The folder of the run; default: runs/ and the recipe's name.")
    @Nullable
    Path out;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Change a value of the recipe, such as training.epochs=3; may be given again.")
    List<String> changes = new ArrayList<>();

    @Mixin
    MachineOptions machine = new MachineOptions();

    @Option(names = "--plan", description = "Say what it would take, as just tried, and stop; nothing is written.")
    boolean isPlan;

    @Mixin
    PublishOptions publish = new PublishOptions();

    @Override
    public Integer call() {
        if ((recipe == null) == (resume == null)) {
            throw Problem.request("give either a recipe or --resume DIR; 'diffuse recipes' lists the recipes");
        }
        return resume != null ? resumed(resume) : started(java.util.Objects.requireNonNull(recipe));
    }

    private int resumed(Path folder) {
        boolean isData = data != null || columns.isGiven();
        if (isPlan || preset != null || isData || out != null || !changes.isEmpty() || machine.isGiven()) {
            throw Problem.request("--resume continues the run as it is: omit --plan, --preset, --data and its columns,"
                    + " --out, --set, --seed, --device and --dtype");
        }
        return ChainRun.isIn(folder)
                ? new ChainTraining(publish, spec).resume(folder, allowDrift)
                : new RecipeTraining(publish, spec).resume(folder, allowDrift);
    }

    private int started(String name) {
        RecipeDocument document = Recipes.find(name);
        if (document.isChain()) {
            ChainTraining training = new ChainTraining(publish, spec);
            Chain chain = document.chain(preset, allChanges());
            return isPlan ? MainHeap.call(() -> training.plan(chain)) : training.start(chain, out);
        }
        boolean isData = data != null || changes.stream().anyMatch(change -> change.startsWith("data.source="));
        Recipe chosen = document.recipe(preset, allChanges());
        if (isPlan) {
            return MainHeap.call(() -> new RecipeTraining(publish, spec).plan(chosen));
        }
        Path folder = out != null ? out : Path.of("runs", chosen.name());
        return new RecipeTraining(publish, spec).start(chosen, folder, isData ? null : RecipeTraining.note(name));
    }

    /** Those of {@code --set}, and after them what other flags change. */
    private List<String> allChanges() {
        Changes all = new Changes().add(changes).set("data.source", data);
        columns.addTo(all);
        machine.addTo(all);
        return all.list();
    }
}
