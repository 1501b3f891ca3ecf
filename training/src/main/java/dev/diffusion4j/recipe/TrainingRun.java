// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.UserError;
import dev.diffusion4j.data.DataConfig;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.SourceOptions;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.data.loader.BatchLoader;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.objective.Objective;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.tracking.EpochHistory;
import dev.diffusion4j.tracking.LossPlot;
import dev.diffusion4j.tracking.Tracker;
import dev.diffusion4j.tracking.TrackerKind;
import dev.diffusion4j.tracking.Trackers;
import dev.diffusion4j.trainer.Checkpoints;
import dev.diffusion4j.trainer.Choices;
import dev.diffusion4j.trainer.DataRecord;
import dev.diffusion4j.trainer.Trainer;
import dev.diffusion4j.trainer.UpdatePlan;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One recipe being cooked in one folder. It can be stopped at any instant, a kill included, and resumed: the end is the same to
 * the last byte.
 */
public final class TrainingRun {
    /** What a source begins with that a Java program brings. */
    static final String OWN = "java:";

    private final Recipe recipe;
    private final RunFolder folder;
    private final @Nullable Path checkpoint;
    private final RunParts parts;
    private final ModelFactory networks;
    private final boolean allowDrift;

    private TrainingRun(
            Recipe recipe, RunFolder folder, @Nullable Path checkpoint, RunParts parts, boolean allowDrift) {
        this.recipe = recipe;
        this.folder = folder;
        this.checkpoint = checkpoint;
        this.parts = parts;
        this.networks = new ModelFactory(parts.families());
        this.allowDrift = allowDrift;
    }

    /**
     * A new run.
     *
     * @throws UserError (exit code 2) where the folder holds another run, or the data does not suit the recipe
     */
    public static TrainingRun start(Recipe recipe, Path path) {
        return start(recipe, path, RunParts.NONE);
    }

    /**
     * A new run with what an application brings to it. {@code recipe.yaml} names its pictures {@code java:} and their
     * description, so that nothing else is taken for them on resuming.
     *
     * @throws UserError as {@link #start(Recipe, Path)}
     */
    public static TrainingRun start(Recipe recipe, Path path, RunParts parts) {
        RunFolder folder = new RunFolder(path);
        Recipe resolved = resolve(recipe, folder, parts);
        folder.claim(resolved);
        return new TrainingRun(resolved, folder, null, parts, false);
    }

    /** {@link #start(Recipe, Path, RunParts)} on an application's own pictures. */
    public static TrainingRun start(Recipe recipe, Path path, Supplier<? extends Dataset> pictures) {
        return start(recipe, path, RunParts.NONE.withPictures(pictures));
    }

    private static String source(Recipe recipe, RunParts parts) {
        if (parts.pictures() == null) {
            return recipe.data().source();
        }
        try (Dataset first = parts.pictures().get()) {
            return OWN + first.description();
        }
    }

    /** With all filled in that the data decides, after a look at whether they suit each other. */
    private static Recipe resolve(Recipe recipe, RunFolder folder, RunParts parts) {
        ModelFactory networks = new ModelFactory(parts.families());
        LoraTraining.checkBase(recipe);
        recipe.trackers().forEach(TrackerKind::check);
        Recipe named = Pretrained.adopt(
                Exports.located(
                        RunPlaces.absolute(recipe.with("data", Map.of("source", source(recipe, parts)))), folder),
                parts.families());
        Previews.check(named, networks.family(named.model()));
        try (TrainingData data = open(named.data(), parts);
                TrainingData heldBack = Validation.heldBack(named, parts)) {
            ModelSpec fitted = networks.fit(named, data);
            networks.check(fitted, named, data, heldBack);
            boolean drawsWords = networks.drawsWords(fitted);
            Recipe resolved = CaptionWords.withPreviews(
                            named.with("model", Map.of("config", fitted.config())), data.dataset(), drawsWords)
                    .with(
                            "scheduler",
                            Map.of(
                                    "config",
                                    named.scheduler().fit(named.data(), data).config()))
                    .withoutMissingExtractor();
            LoraTraining.check(resolved, networks);
            return resolved;
        }
    }

    /**
     * Finds out whether network and data suit each other; writes nothing.
     *
     * @throws UserError (exit code 2) as {@link #start(Recipe, Path)}
     */
    public static void check(Recipe recipe, Path path) {
        resolve(recipe, new RunFolder(path), RunParts.NONE);
    }

    /**
     * Finds out, before anything is written, whether {@link #startOrResume} will do.
     *
     * @throws UserError (exit code 2) as {@link #start(Recipe, Path)}
     */
    public static void checkStartOrResume(Recipe recipe, Path path) {
        RunFolder folder = new RunFolder(path);
        folder.difference(resolve(recipe, folder, RunParts.NONE)).ifPresent(difference -> {
            throw UserError.usage(path + " already holds a run of another recipe (" + difference
                    + "): give the same settings as there, or choose another folder");
        });
    }

    /** A new run, or the one that is in the folder already, wherever it was stopped. */
    public static TrainingRun startOrResume(Recipe recipe, Path path) {
        return startOrResume(recipe, path, RunParts.NONE);
    }

    /** {@link #startOrResume(Recipe, Path)} with what an application brings to the run. */
    public static TrainingRun startOrResume(Recipe recipe, Path path, RunParts parts) {
        return new RunFolder(path).isBegun() ? resume(path, false, parts) : start(recipe, path, parts);
    }

    /**
     * Goes on with a run from its last checkpoint; from the beginning where it was stopped before the first.
     *
     * @param allowDrift go on even where this machine gives other last bits than the one before, or the data changed
     * @throws UserError (exit code 2) where there is no run, (exit code 1) where this machine would drift
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
        RunFolder folder = new RunFolder(path);
        Recipe recipe = folder.readRecipe();
        if (parts.pictures() == null && recipe.data().source().startsWith(OWN)) {
            throw UserError.usage(path + " learns from pictures that a Java program made ("
                    + recipe.data().source() + "): resume it from that program");
        }
        RunPlaces.check(recipe, path);
        Optional<Path> newest =
                new Checkpoints(folder.checkpoints(), recipe.training().keepCheckpoints()).newest();
        newest.ifPresent(checkpoint -> checkDrift(Checkpoints.readChoices(checkpoint), allowDrift));
        return new TrainingRun(recipe, folder, newest.orElse(null), parts, allowDrift);
    }

    private static void checkDrift(Choices choices, boolean allowDrift) {
        List<String> missing = choices.missingHere();
        if (!missing.isEmpty() && !allowDrift) {
            throw UserError.failure("this machine cannot go on to the same bits: " + String.join("; ", missing)
                    + "; {allowDrift} goes on all the same");
        }
    }

    private static TrainingData open(DataConfig config, RunParts parts) {
        return parts.pictures() == null
                ? TrainingData.open(config, SourceOptions.defaults())
                : TrainingData.of(config, parts.pictures().get());
    }

    /** As it will be cooked. */
    public Recipe recipe() {
        return recipe;
    }

    /** The family of the network that learns. */
    public ModelFamily family() {
        return networks.family(recipe.model());
    }

    /** Where it leaves things. */
    public RunFolder folder() {
        return folder;
    }

    /**
     * Trains to the end, or until {@code stop} says so; then a checkpoint is there to be resumed. A run that is finished already
     * is left as it is.
     *
     * @param stop asked before each update and within the drawing of pictures
     * @throws UserError (exit code 1) where the loss is no longer a number, the disk is full, another process trains in the
     *     folder, or the data is not what the run began with
     */
    public RunSummary run(RunListener listener, BooleanSupplier stop) {
        try (RunLock lock = RunLock.take(folder.path())) {
            return folder.isFinished() ? finished(listener) : train(listener, stop);
        }
    }

    private RunSummary finished(RunListener listener) {
        long steps = checkpoint == null ? 0 : Checkpoints.readStep(checkpoint);
        if (!Files.exists(folder.lossPlot()) && Files.exists(folder.metrics())) {
            LossPlot.write(folder.metrics(), folder.lossPlot());
        }
        RunLog log =
                new RunLog(recipe.samples(), folder, new Trackers(List.of()), null, null, null, listener, () -> false);
        log.recall(Long.MAX_VALUE);
        listener.onAlreadyFinished(steps);
        return new RunSummary(folder.path(), true, steps, log.meanOfLast());
    }

    private RunSummary train(RunListener listener, BooleanSupplier stop) {
        try (TrainingData data = open(recipe.data(), parts);
                Model model = network()) {
            LoraTraining.inject(model, recipe);
            Choices choices = choices(model);
            DataRecord record = DataRecord.of(data.dataset());
            checkData(data.dataset().description(), record);
            Checkpoints checkpoints =
                    new Checkpoints(folder.checkpoints(), recipe.training().keepCheckpoints(), record);
            Scheduler scheduler = recipe.scheduler().create();
            Objective objective = Objectives.create(
                    recipe.objective(), model, scheduler, recipe.training().epochs());
            long firstBatch = batchesDone();
            try (BatchLoader loader = data.loader(
                            recipe.training().batchSize(), recipe.training().seed(), firstBatch);
                    Validation validation = Validation.open(recipe, parts, data, objective, scheduler, folder);
                    Trainer trainer = new Trainer(objective, loader, recipe.training(), choices, checkpoints)) {
                if (checkpoint != null) {
                    Checkpoints.restore(
                            checkpoint, trainer.state(), recipe.training().gradientAccumulationSteps());
                }
                return cook(trainer, data, model, scheduler, loader, validation, choices, listener, stop);
            }
        }
    }

    private Model network() {
        return checkpoint == null || recipe.lora() != null // whose checkpoints hold the LoRA alone
                ? networks.create(recipe.model(), recipe.training().seed())
                : networks.createEmpty(recipe.model());
    }

    private Choices choices(Model model) {
        if (checkpoint == null) {
            return Choices.forThisMachine(
                    recipe.training().dtype(), recipe.training().batchSize(), model);
        }
        Choices before = Checkpoints.readChoices(checkpoint);
        return allowDrift ? before.onThisMachine() : before;
    }

    private void checkData(String description, DataRecord now) {
        DataRecord before = checkpoint == null ? DataRecord.NONE : Checkpoints.readData(checkpoint);
        if (!allowDrift) {
            now.changeSince(before).ifPresent(change -> {
                throw UserError.failure("the data changed since the run was stopped: of " + description + " " + change
                        + "; put back what it was, or go on all the same with {allowDrift}");
            });
        }
    }

    private long batchesDone() {
        return checkpoint == null
                ? 0
                : Checkpoints.readBatches(checkpoint, recipe.training().gradientAccumulationSteps());
    }

    private RunSummary cook(
            Trainer trainer,
            TrainingData data,
            Model model,
            Scheduler scheduler,
            BatchLoader loader,
            @Nullable Validation validation,
            Choices choices,
            RunListener listener,
            BooleanSupplier stop) {
        UpdatePlan plan = recipe.training().plan(loader.batchesPerEpoch());
        listener.onPlan(new RunPlan(
                recipe.name(),
                data.dataset().description(),
                trainer.trainedParameters(),
                trainer.state().globalStep(),
                trainer.totalSteps(),
                plan.stepsPerEpoch(),
                trainer.secondsPerStep(),
                ProcessMemory.peakMiB(),
                recipe.training().batchSize() * plan.batchesOfNextStep(0),
                choices.dtype().key(),
                choices.threads()));
        Previews previews =
                model instanceof DiffusionModel denoiser ? new Previews(recipe.samples(), denoiser, scheduler) : null;
        boolean allDone = trainer.state().globalStep() == trainer.totalSteps();
        try (Tracker trackers = openTrackers(trainer.state().globalStep(), allDone)) {
            Exports exports = new Exports(recipe, folder, model, scheduler, listener);
            RunLog log = new RunLog(recipe.samples(), folder, trackers, previews, exports, validation, listener, stop);
            log.recall(trainer.state().globalStep());
            boolean finished = finish(trainer, loader, log, stop);
            if (finished) {
                exports.atEnd(trainer.state());
            }
            trackers.flush();
            if (Files.exists(folder.metrics())) {
                LossPlot.write(folder.metrics(), folder.lossPlot());
                if (recipe.validation() != null) {
                    EpochHistory.write(folder.metrics(), folder.history());
                }
            }
            if (finished) {
                exports.finishCards();
            }
            trackers.end(finished);
            return new RunSummary(folder.path(), finished, trainer.state().globalStep(), log.meanOfLast());
        }
    }

    /** Whether all updates are done and all pictures drawn. */
    private boolean finish(Trainer trainer, BatchLoader loader, RunLog log, BooleanSupplier stop) {
        try {
            log.drawMissing(trainer.state(), recipe.training().plan(loader.batchesPerEpoch()));
        } catch (CancellationException e) {
            return false; // the checkpoint that it went on from is still there
        }
        return trainer.run(log, stop) == Trainer.Outcome.FINISHED;
    }

    private Tracker openTrackers(long lastStep, boolean allDone) {
        List<Tracker> trackers = new ArrayList<>();
        recipe.trackers().stream()
                .filter(kind -> !allDone || kind.isService())
                .forEach(kind -> trackers.add(kind.open(folder.path(), lastStep)));
        return new Trackers(trackers);
    }
}
