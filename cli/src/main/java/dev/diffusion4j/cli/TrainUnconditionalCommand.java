// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.recipe.Recipe;
import dev.diffusion4j.recipe.Recipes;
import dev.diffusion4j.recipe.RunFolder;
import dev.diffusion4j.recipe.RunParts;
import dev.diffusion4j.recipe.TrainingRun;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** diffusers' {@code train_unconditional.py}: its flags; its defaults stand in the recipe {@code train-unconditional}. */
@Command(
        name = "train-unconditional",
        description = "Train an unconditional model, with the flags of diffusers' train_unconditional.py.",
        footerHeading = "%nExample:%n",
        footer = "  diffuse train-unconditional --train_data_dir my-photos --resolution 64 --train_batch_size 32"
                + " --num_epochs 50 --random_flip --center_crop --output_dir mine",
        mixinStandardHelpOptions = true)
final class TrainUnconditionalCommand implements Callable<Integer> {
    private static final String LATEST = "latest";

    @Spec
    CommandSpec spec = CommandSpec.create();

    @Mixin
    UnconditionalData data = new UnconditionalData();

    @Mixin
    UnconditionalLearning learning = new UnconditionalLearning();

    @Mixin
    UnconditionalRhythm rhythm = new UnconditionalRhythm();

    @Mixin
    PublishOptions publish = new PublishOptions();

    @Option(
            names = {"--output_dir", "--output-dir"},
            paramLabel = "DIR",
            defaultValue = "ddpm-model-64",
            description = "The folder of the run, which is a model folder too; default ddpm-model-64.")
    Path outputDir = Path.of("");

    @Option(
            names = {"--overwrite_output_dir", "--overwrite-output-dir"},
            description = "Remove the run that is in --output_dir first.")
    boolean overwriteOutputDir;

    @Option(
            names = {"--resume_from_checkpoint", "--resume-from-checkpoint"},
            paramLabel = "NAME",
            description = "Go on with the run in --output_dir: latest, or the newest by name, as checkpoint-500.")
    @Nullable
    String resumeFromCheckpoint;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Change another value of the recipe train-unconditional; may be given again.")
    List<String> more = new ArrayList<>();

    @Override
    public Integer call() {
        Changes changes = new Changes();
        data.addTo(changes);
        learning.addTo(changes);
        rhythm.addTo(changes);
        changes.set("export.folder", outputDir.toString()).add(more);
        Recipe recipe = Recipes.load("train-unconditional", changes.list());
        return Processes.train(parts -> train(recipe, parts));
    }

    private int train(Recipe recipe, RunParts parts) {
        RecipeTraining training = new RecipeTraining(publish, spec);
        if (!RecipeTraining.isFirst(parts)) {
            return training.runBeside(run(recipe, parts));
        }
        PublishOptions.Target target = publish.target(outputDir);
        if (target != null) {
            if (resumeFromCheckpoint == null && !overwriteOutputDir) {
                TrainingRun.check(recipe, outputDir);
            }
            target.create();
        }
        return training.run(run(recipe, parts), target);
    }

    private TrainingRun run(Recipe recipe, RunParts parts) {
        RunFolder folder = new RunFolder(outputDir);
        if (resumeFromCheckpoint == null) {
            if (overwriteOutputDir && !parts.group().isRestarted()) { // then it is the new run that is there
                TrainingRun.check(recipe, outputDir);
                parts.group().first(folder::removeRun);
            }
            return TrainingRun.start(recipe, outputDir, parts);
        }
        if (overwriteOutputDir) {
            throw Problem.request(
                    "--overwrite_output_dir removes what --resume_from_checkpoint continues from: give one of them");
        }
        if (!resumeFromCheckpoint.equals(LATEST) && RecipeTraining.isFirst(parts)) {
            checkName(folder, resumeFromCheckpoint);
        }
        TrainingRun.checkStartOrResume(recipe, outputDir);
        return TrainingRun.startOrResume(recipe, outputDir, parts);
    }

    /** A run ends in the same bytes from each of its checkpoints, so only the newest is gone on with. */
    private void checkName(RunFolder folder, String name) {
        List<Long> steps = folder.checkpointSteps();
        Path last = Path.of(name).getFileName();
        String number = last == null ? "" : last.toString().replaceFirst("^(checkpoint|step)-0*", "");
        if (steps.stream().noneMatch(step -> step.toString().equals(number))) {
            List<String> names =
                    steps.stream().map(step -> "checkpoint-" + step).toList();
            throw Problem.request("--resume_from_checkpoint: there is no " + name + " in " + outputDir + "; "
                    + (names.isEmpty() ? "it holds none" : "it holds " + String.join(", ", names))
                    + "; latest continues from the newest, or starts where there is none");
        }
        long newest = steps.get(steps.size() - 1);
        if (!Long.toString(newest).equals(number)) {
            spec.commandLine()
                    .getErr()
                    .println("note: going on from checkpoint-" + newest
                            + ", the newest: the run ends in the same bytes");
        }
    }
}
