// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.json.Yaml;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.parallel.ProcessGroup;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tracking.LossPlot;
import dev.diffusion4j.tracking.Trackers;
import dev.diffusion4j.trainer.Checkpoints;
import dev.diffusion4j.trainer.Choices;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One recipe being run in one folder. It can be stopped at any instant, a kill included, and resumed: the end is the same to
 * the last byte.
 */
public final class TrainingRun {
    private final Recipe recipe;
    private final RunFolder folder;
    private final @Nullable Path checkpoint;
    private final RunParts parts;
    private final boolean allowDrift;

    private TrainingRun(
            Recipe recipe, RunFolder folder, @Nullable Path checkpoint, RunParts parts, boolean allowDrift) {
        this.recipe = recipe;
        this.folder = folder;
        this.checkpoint = checkpoint;
        this.parts = parts;
        this.allowDrift = allowDrift;
    }

    /**
     * A new run.
     *
     * @throws Problem (a wrong request) where the folder holds another run, or the data does not suit the recipe
     */
    public static TrainingRun start(Recipe recipe, Path path) {
        return start(recipe, path, RunParts.NONE);
    }

    /**
     * A new run with what an application brings to it. {@code recipe.yaml} names its pictures {@code java:} and their
     * description, so that nothing else is taken for them on resuming.
     *
     * @throws Problem as {@link #start(Recipe, Path)}
     */
    public static TrainingRun start(Recipe recipe, Path path, RunParts parts) {
        RunFolder folder = new RunFolder(path);
        ProcessGroup group = parts.group();
        Agreement.ofTask(group, Agreement.Task.START);
        // launchers of several machines do not count alike
        if (group.any(group.isRestarted()) && group.isForFirst(folder.isBegun())) {
            group.first(() -> folder.checkSame(new Resolution(folder, parts).resolve(recipe)));
            return resumed(folder, false, parts);
        }
        Recipe resolved = new Resolution(folder, parts).resolve(recipe);
        Agreement.ofRecipe(group, resolved);
        group.first(() -> folder.claim(resolved));
        return new TrainingRun(resolved, folder, null, parts, false);
    }

    /** {@link #start(Recipe, Path, RunParts)} on an application's own pictures. */
    public static TrainingRun start(Recipe recipe, Path path, Supplier<? extends Dataset> pictures) {
        return start(recipe, path, RunParts.NONE.withPictures(pictures));
    }

    /**
     * Finds out whether network and data suit each other; writes nothing.
     *
     * @throws Problem (a wrong request) as {@link #start(Recipe, Path)}
     */
    public static void check(Recipe recipe, Path path) {
        new Resolution(new RunFolder(path), RunParts.NONE).resolve(recipe);
    }

    /**
     * Finds out, before anything is written, whether {@link #startOrResume} will do.
     *
     * @throws Problem (a wrong request) as {@link #start(Recipe, Path)}
     */
    public static void checkStartOrResume(Recipe recipe, Path path) {
        RunFolder folder = new RunFolder(path);
        folder.difference(new Resolution(folder, RunParts.NONE).resolve(recipe)).ifPresent(difference -> {
            throw Problem.request(path + " already holds a run of another recipe (" + difference
                    + "): give the same settings as there, or choose another folder");
        });
    }

    /** A new run, or the one that is in the folder already, wherever it was stopped. */
    public static TrainingRun startOrResume(Recipe recipe, Path path) {
        return startOrResume(recipe, path, RunParts.NONE);
    }

    /** {@link #startOrResume(Recipe, Path)} with what an application brings to the run. */
    public static TrainingRun startOrResume(Recipe recipe, Path path, RunParts parts) {
        return parts.group().isForFirst(new RunFolder(path).isBegun())
                ? resume(path, false, parts)
                : start(recipe, path, parts);
    }

    /**
     * Goes on with a run from its last checkpoint; from the beginning where it was stopped before the first.
     *
     * @param allowDrift go on even where this machine gives other last bits than the one before, or the data changed
     * @throws Problem (a wrong request) where there is no run, (a failure) where this machine would drift
     */
    public static TrainingRun resume(Path path, boolean allowDrift) {
        return resume(path, allowDrift, RunParts.NONE);
    }

    /** {@link #resume(Path, boolean, RunParts)} on an application's own pictures. */
    public static TrainingRun resume(Path path, boolean allowDrift, Supplier<? extends Dataset> pictures) {
        return resume(path, allowDrift, RunParts.NONE.withPictures(pictures));
    }

    /**
     * As {@link #resume(Path, boolean)} for a run to which an application brought something.
     *
     * @param parts the same as at its start
     */
    public static TrainingRun resume(Path path, boolean allowDrift, RunParts parts) {
        Agreement.ofTask(parts.group(), Agreement.Task.RESUME);
        return resumed(new RunFolder(path), allowDrift, parts);
    }

    private static TrainingRun resumed(RunFolder folder, boolean allowDrift, RunParts parts) {
        ProcessGroup group = parts.group();
        if (!group.world().isFirst()) { // which may have no folder
            Recipe first = Recipe.of(Yaml.parseObject(group.ofFirst(""), "recipe"), "recipe");
            return new TrainingRun(first, folder, null, parts, allowDrift);
        }
        Recipe recipe = folder.readRecipe();
        parts.checkSame(recipe, folder.path());
        RunPlaces.check(recipe, folder.path());
        Optional<Path> newest =
                new Checkpoints(folder.checkpoints(), recipe.training().keepCheckpoints()).newest();
        newest.ifPresent(checkpoint -> checkDrift(Checkpoints.readChoices(checkpoint), allowDrift));
        group.ofFirst(recipe.toYaml());
        return new TrainingRun(recipe, folder, newest.orElse(null), parts, allowDrift);
    }

    private static void checkDrift(Choices choices, boolean allowDrift) {
        List<String> missing = choices.missingHere();
        if (!missing.isEmpty() && !allowDrift) {
            throw Problem.failure("this machine cannot go on to the same bits: " + String.join("; ", missing)
                    + "; {allowDrift} goes on all the same");
        }
    }

    /** As it is run, with everything decided. */
    public Recipe recipe() {
        return recipe;
    }

    /** The family of the network that learns. */
    public ModelFamily family() {
        return new ModelFactory(parts.families()).family(recipe.model());
    }

    /** How many processes share it. */
    public int processes() {
        return parts.group().world().size();
    }

    /** Where it leaves things. */
    public RunFolder folder() {
        return folder;
    }

    /**
     * Trains to the end, or until {@code stop} says so, or there is a file {@code stop} in the folder ({@link RunFolder#stop}); then a
     * checkpoint is there to be resumed. A run that is finished already is left as it is.
     *
     * @param stop asked before each update, within the drawing of pictures, and while they are encoded
     * @throws Problem (a failure) where the loss is no longer a number, the disk is full, another process trains in the
     *     folder, or the data is not what the run began with
     */
    public RunSummary run(RunListener listener, BooleanSupplier stop) {
        ProcessGroup group = parts.group();
        return group.world().isFirst()
                ? RunLock.whileHeld(folder.path(), stop, either -> train(listener, either))
                : train(listener, stop);
    }

    private RunSummary train(RunListener listener, BooleanSupplier stop) {
        ProcessGroup group = parts.group();
        if (group.isForFirst(folder.isFinished())) {
            return group.world().isFirst() ? finished(listener) : new RunSummary(folder.path(), true, 0, Double.NaN);
        }
        AtomicBoolean isDrawn = new AtomicBoolean();
        group.first(() -> isDrawn.set(hasClassPictures(listener, stop)));
        if (!group.isForFirst(isDrawn.get())) {
            return new RunSummary(folder.path(), false, 0, Double.NaN);
        }
        try (TrainingSession session =
                new TrainingSession(recipe, folder, checkpoint, parts, allowDrift, listener, stop)) {
            return session.run();
        } catch (RowMaker.Stopped e) {
            return new RunSummary(folder.path(), false, stepsDone(), Double.NaN);
        }
    }

    /** Whether all pictures of the kind are there; those that are missing are drawn, unless {@code stop} says so. */
    private boolean hasClassPictures(RunListener listener, BooleanSupplier stop) {
        DreamBoothConfig config = recipe.dreambooth();
        if (config == null || !config.hasPrior()) {
            return true;
        }
        String device = parts.device(recipe);
        Precision dtype = checkpoint == null
                ? ChosenDtype.of(recipe, folder, device)
                : Checkpoints.readChoices(checkpoint).dtype();
        return DreamBooth.classPictures(recipe, config, folder, parts).draw(device, dtype, listener, stop);
    }

    private long stepsDone() {
        return checkpoint == null ? 0 : Checkpoints.readStep(checkpoint);
    }

    private RunSummary finished(RunListener listener) {
        long steps = stepsDone();
        if (!Files.exists(folder.lossPlot()) && Files.exists(folder.metrics())) {
            LossPlot.write(folder.metrics(), folder.lossPlot());
        }
        RunLog log = new RunLog(
                recipe.samples(),
                folder,
                new Trackers(List.of()),
                null,
                null,
                null,
                listener,
                () -> false,
                ProcessGroup.ALONE);
        log.recall(Long.MAX_VALUE);
        listener.onAlreadyFinished(steps);
        return new RunSummary(folder.path(), true, steps, log.meanOfLast());
    }
}
