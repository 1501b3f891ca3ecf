// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.adapter.LoraFolder;
import dev.diffusion4j.adapter.PipelineLora;
import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Yaml;
import dev.diffusion4j.trainer.Checkpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Where a training leaves things: {@code recipe.yaml} (first of all), {@code checkpoints/}, {@code samples/}, {@code
 * metrics.jsonl}, {@code loss.png}, event files, and at the end {@code model/}.
 */
public record RunFolder(Path path) {
    private static final Set<String> LEFT = Set.of(
            "checkpoints",
            "samples",
            "metrics.jsonl",
            "mlflow.json",
            "loss.png",
            "model",
            "class-pictures",
            "dtype.json",
            "lora",
            "models",
            "tokenizer",
            "model_index.json",
            "unet",
            "scheduler",
            "plan.json",
            "console.log",
            StopFile.NAME);

    /** All of the recipe, with what the data decided filled in. */
    public Path recipe() {
        return path.resolve("recipe.yaml");
    }

    /** The pipeline folder of the learnt network. */
    public Path model() {
        return path.resolve("model");
    }

    /** The adapter's folder, where only a LoRA learnt. */
    public Path lora() {
        return path.resolve("lora");
    }

    /** What the network drew of a kind of things before it learnt one of them. */
    public Path classPictures() {
        return path.resolve("class-pictures");
    }

    /** The tokenizer that was learnt from the captions, where a network learns to read. */
    public Path tokenizer() {
        return path.resolve("tokenizer");
    }

    /** See {@link Checkpoints}. */
    public Path checkpoints() {
        return path.resolve("checkpoints");
    }

    /** A line for each update. */
    public Path metrics() {
        return path.resolve("metrics.jsonl");
    }

    /** The loss over the updates. */
    public Path lossPlot() {
        return path.resolve("loss.png");
    }

    /** An array for each figure that is measured once an epoch. */
    public Path history() {
        return path.resolve("history");
    }

    /** What the training came to when it began: its updates, what learns, on how many threads. */
    public Path plan() {
        return path.resolve("plan.json");
    }

    /** What a training prints that was started in the background. */
    public Path console() {
        return path.resolve("console.log");
    }

    /** What {@code training.dtype: auto} came to. */
    Path dtype() {
        return path.resolve("dtype.json");
    }

    /** What decides the figures that are measured on held-back pictures. */
    public Path validation() {
        return path.resolve("validation.json");
    }

    /** The network as it was learnt last, where {@link #model()} holds an average and both were asked for. */
    public Path liveModel() {
        return path.resolve("model-live");
    }

    /**
     * The sample grid after an epoch, where pictures are named so.
     *
     * @param epoch from 0
     */
    public Path epochPicture(long epoch) {
        return path.resolve("imgs").resolve(epoch + "epochs.png");
    }

    /** The last sample grid, where pictures are named by epoch. */
    public Path finalPicture() {
        return path.resolve("imgs").resolve("final.png");
    }

    /** The sample grid after so many updates. */
    public Path samples(long step) {
        return path.resolve("samples").resolve(String.format(Locale.ROOT, "step-%06d.png", step));
    }

    /** The pipeline folder that is saved after so many updates, where no other place was named. */
    Path model(long step) {
        return path.resolve("models").resolve(String.format(Locale.ROOT, "step-%06d", step));
    }

    /** The steps whose checkpoints are there, ascending. */
    public List<Long> checkpointSteps() {
        return new Checkpoints(checkpoints(), 1)
                .list().stream().map(Checkpoints::readStep).toList();
    }

    /**
     * Deletes a run with all that it left, a model that was saved into its folder too; other files stay. Nothing where there is
     * no run.
     *
     * @throws Problem (a failure) where a training is going on in it, or it cannot be deleted
     */
    public void removeRun() {
        if (!Files.exists(recipe())) {
            return;
        }
        try (RunLock lock = RunLock.take(path);
                Stream<Path> files = Files.list(path)) {
            for (Path file : files.toList()) {
                String name = String.valueOf(file.getFileName());
                if (LEFT.contains(name) || KeptKind.isAnyName(name) || name.startsWith("events.out.tfevents.")) {
                    AtomicFile.deleteTree(file);
                }
            }
            Files.delete(recipe()); // last, so that it can be begun again where it was stopped
        } catch (IOException e) {
            throw Problem.failure("cannot remove the run in " + path + ": " + AtomicFile.reason(e), e);
        }
    }

    /**
     * Asks the training that goes on in the folder, of a run or of a chain, to stop: it ends with a checkpoint, as if it was interrupted.
     * Returns at once.
     *
     * @throws Problem (a wrong request) where none goes on, (a failure) where the folder cannot be written to
     */
    public void stop() {
        if (RunWorker.of(path).filter(RunWorker::isAtWork).isEmpty()) {
            throw Problem.request("no training goes on in " + path);
        }
        AtomicFile.write(path.resolve(StopFile.NAME), "");
    }

    /** Whether the run is done: its network, or its adapter, is there, whole. */
    public boolean isFinished() {
        return Files.exists(model().resolve("model_index.json")) || hasLora();
    }

    /** Whether its adapter is there, whole, as peft or as diffusers saves it. */
    public boolean hasLora() {
        return isLora(lora());
    }

    /** Whether the folder is itself that of an adapter, as a run saves one on the way. */
    public boolean isLoraItself() {
        return isLora(path);
    }

    private static boolean isLora(Path folder) {
        return Files.exists(folder.resolve(LoraFolder.CONFIG)) || Files.exists(folder.resolve(PipelineLora.FILE));
    }

    /** Whether there is something of a run that would be lost if it began anew. */
    boolean isBegun() {
        return Files.exists(model())
                || new Checkpoints(checkpoints(), 1).newest().isPresent();
    }

    /** In what the run that is here differs from {@code recipe}; empty where it is the same, or there is none. */
    Optional<String> difference(Recipe recipe) {
        if (!Files.exists(recipe())) {
            return Optional.empty();
        }
        String there = RunPlaces.absolute(readRecipe()).toYaml(); // earlier versions kept relative paths
        return RecipeDifference.first(
                Yaml.parseObject(there, recipe().toString()), Yaml.parseObject(recipe.toYaml(), "recipe"));
    }

    /**
     * Claims the folder for a new run of {@code recipe} and writes {@code recipe.yaml}. A run of the same recipe that did not get
     * to its first checkpoint may be begun anew.
     *
     * @throws Problem (a wrong request) where another run is in it
     */
    void claim(Recipe recipe) {
        checkSame(recipe);
        if (Files.exists(recipe()) && isBegun()) {
            throw taken("");
        }
        AtomicFile.write(recipe(), recipe.toYaml());
    }

    /** @throws Problem (a wrong request) where a run of another recipe is in it */
    void checkSame(Recipe recipe) {
        difference(recipe).ifPresent(which -> {
            throw taken(" of another recipe (" + which + ")");
        });
    }

    private Problem taken(String another) {
        return Problem.request(path + " already holds a run" + another + ": go on with it by {resume} " + path
                + ", or choose another {out}");
    }

    /**
     * The recipe of a run that is to be resumed.
     *
     * @throws Problem (a wrong request) where the folder holds no run
     */
    Recipe readRecipe() {
        if (!Files.exists(recipe())) {
            throw Problem.request(path + " holds no run to resume: it has no recipe.yaml");
        }
        return Recipe.of(Yaml.readObject(recipe()), recipe().toString());
    }
}
