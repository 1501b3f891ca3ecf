// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.UserError;
import dev.diffusion4j.data.BatchLoader;
import dev.diffusion4j.data.DataConfig;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.SourceOptions;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.classifier.ConvClassifier;
import dev.diffusion4j.objective.ClassificationObjective;
import dev.diffusion4j.objective.DenoisingObjective;
import dev.diffusion4j.objective.Objective;
import dev.diffusion4j.pipeline.PipelineFolder;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.tracking.LossPlot;
import dev.diffusion4j.tracking.Tracker;
import dev.diffusion4j.tracking.Trackers;
import dev.diffusion4j.trainer.Checkpoints;
import dev.diffusion4j.trainer.Choices;
import dev.diffusion4j.trainer.Ema;
import dev.diffusion4j.trainer.StepReport;
import dev.diffusion4j.trainer.TrainState;
import dev.diffusion4j.trainer.Trainer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One recipe being cooked in one folder. It can be stopped at any instant, a kill included, and resumed: the end is the same to
 * the last byte.
 */
public final class TrainingRun {
    private static final int LAST = 100;
    private static final String OWN = "java:";

    private final Recipe recipe;
    private final RunFolder folder;
    private final @Nullable Path checkpoint;
    private final @Nullable Supplier<? extends Dataset> own;
    private final Deque<Double> lastLosses = new ArrayDeque<>();

    private TrainingRun(
            Recipe recipe, RunFolder folder, @Nullable Path checkpoint, @Nullable Supplier<? extends Dataset> own) {
        this.recipe = recipe;
        this.folder = folder;
        this.checkpoint = checkpoint;
        this.own = own;
    }

    /**
     * A new run.
     *
     * @throws UserError (exit code 2) where the folder holds another run, or the data does not suit the recipe
     */
    public static TrainingRun start(Recipe recipe, Path path) {
        return start(recipe, path, recipe.data().source(), null);
    }

    /**
     * A new run on pictures of one's own. {@code recipe.yaml} names them {@code java:} and their description, so that nothing
     * else is taken for them on resuming.
     *
     * @param pictures opens them; called more than once, and what it opens is closed
     * @throws UserError as {@link #start(Recipe, Path)}
     */
    public static TrainingRun start(Recipe recipe, Path path, Supplier<? extends Dataset> pictures) {
        try (Dataset first = pictures.get()) {
            return start(recipe, path, OWN + first.description(), pictures);
        }
    }

    private static TrainingRun start(
            Recipe recipe, Path path, String source, @Nullable Supplier<? extends Dataset> own) {
        RunFolder folder = new RunFolder(path);
        Recipe resolved = recipe.with("data", Map.of("source", source));
        try (TrainingData data = open(resolved.data(), own)) {
            ModelSpec fitted = ModelFactory.fit(resolved.model(), data);
            resolved = resolved.with("model", Map.of("config", fitted.config()));
            ModelFactory.check(fitted);
        }
        folder.claim(resolved, resolved.training().keepCheckpoints());
        return new TrainingRun(resolved, folder, null, own);
    }

    /**
     * Goes on with a run from its last checkpoint; from the beginning where it was stopped before the first.
     *
     * @param allowDrift go on even where this machine gives other last bits than the one before
     * @throws UserError (exit code 2) where there is no run, (exit code 1) where this machine would drift
     */
    public static TrainingRun resume(Path path, boolean allowDrift) {
        return resumeOn(path, allowDrift, null);
    }

    /**
     * As {@link #resume(Path, boolean)} for a run on pictures of one's own.
     *
     * @param pictures the same as at its start
     */
    public static TrainingRun resume(Path path, boolean allowDrift, Supplier<? extends Dataset> pictures) {
        return resumeOn(path, allowDrift, pictures);
    }

    private static TrainingRun resumeOn(Path path, boolean allowDrift, @Nullable Supplier<? extends Dataset> own) {
        RunFolder folder = new RunFolder(path);
        Recipe recipe = folder.readRecipe();
        if (own == null && recipe.data().source().startsWith(OWN)) {
            throw UserError.usage(path + " learns from pictures that a Java program made ("
                    + recipe.data().source() + "): resume it from that program");
        }
        Optional<Path> newest =
                new Checkpoints(folder.checkpoints(), recipe.training().keepCheckpoints()).newest();
        newest.ifPresent(checkpoint -> checkDrift(Checkpoints.readChoices(checkpoint), allowDrift));
        return new TrainingRun(recipe, folder, newest.orElse(null), own);
    }

    private static void checkDrift(Choices choices, boolean allowDrift) {
        List<String> missing = choices.missingHere();
        if (!missing.isEmpty() && !allowDrift) {
            throw UserError.failure("this machine cannot go on to the same bits: " + String.join("; ", missing)
                    + "; --allow-drift goes on all the same");
        }
    }

    private static TrainingData open(DataConfig config, @Nullable Supplier<? extends Dataset> own) {
        return own == null ? TrainingData.open(config, SourceOptions.defaults()) : TrainingData.of(config, own.get());
    }

    /** As it will be cooked. */
    public Recipe recipe() {
        return recipe;
    }

    /** Where it leaves things. */
    public RunFolder folder() {
        return folder;
    }

    /**
     * Trains to the end, or until {@code stop} says so; then a checkpoint is there to be resumed.
     *
     * @throws UserError (exit code 1) where the loss is no longer a number or the disk is full
     */
    public RunSummary run(RunListener listener, BooleanSupplier stop) {
        Choices choices = checkpoint == null
                ? Choices.forThisMachine(
                        recipe.training().dtype(), recipe.training().batchSize())
                : Checkpoints.readChoices(checkpoint);
        Checkpoints checkpoints =
                new Checkpoints(folder.checkpoints(), recipe.training().keepCheckpoints());
        try (TrainingData data = open(recipe.data(), own);
                Model model =
                        ModelFactory.create(recipe.model(), recipe.training().seed())) {
            Scheduler scheduler = recipe.scheduler().create();
            Objective objective = objective(model, scheduler);
            long firstBatch = batchesDone();
            try (BatchLoader loader = data.loader(
                            recipe.training().batchSize(), recipe.training().seed(), firstBatch);
                    Trainer trainer = new Trainer(objective, loader, recipe.training(), choices, checkpoints)) {
                if (checkpoint != null) {
                    Checkpoints.restore(checkpoint, trainer.state());
                }
                return cook(trainer, data, model, scheduler, loader, choices, listener, stop);
            }
        }
    }

    private long batchesDone() {
        return checkpoint == null
                ? 0
                : Checkpoints.readStep(checkpoint) * recipe.training().gradientAccumulationSteps();
    }

    private Objective objective(Model model, Scheduler scheduler) {
        if (model instanceof ConvClassifier classifier) {
            return new ClassificationObjective(classifier);
        }
        return new DenoisingObjective(
                (DiffusionModel) model,
                scheduler,
                recipe.objective().loss(),
                recipe.objective().lossWeighting());
    }

    private RunSummary cook(
            Trainer trainer,
            TrainingData data,
            Model model,
            Scheduler scheduler,
            BatchLoader loader,
            Choices choices,
            RunListener listener,
            BooleanSupplier stop) {
        listener.onPlan(new RunPlan(
                recipe.name(),
                data.dataset().description(),
                model.parameterCount(),
                trainer.state().globalStep(),
                trainer.totalSteps(),
                recipe.training().stepsPerEpoch(loader.batchesPerEpoch()),
                trainer.secondsPerStep(),
                ProcessMemory.peakMiB(),
                recipe.training().batchSize() * recipe.training().gradientAccumulationSteps(),
                choices.dtype().key(),
                choices.threads()));
        Previews previews =
                model instanceof DiffusionModel denoiser ? new Previews(recipe.samples(), denoiser, scheduler) : null;
        try (Tracker trackers = openTrackers(trainer.state().globalStep())) {
            Trainer.Outcome outcome =
                    trainer.run((report, state) -> afterStep(report, state, trackers, previews, listener), stop);
            boolean finished = outcome == Trainer.Outcome.FINISHED;
            if (finished) {
                saveModel(trainer.state(), model, scheduler);
            }
            trackers.flush();
            LossPlot.write(folder.metrics(), folder.lossPlot());
            return new RunSummary(folder.path(), finished, trainer.state().globalStep(), meanOfLast());
        }
    }

    private Tracker openTrackers(long lastStep) {
        List<Tracker> trackers = new ArrayList<>();
        recipe.trackers().forEach(kind -> trackers.add(kind.open(folder.path(), lastStep)));
        return new Trackers(trackers);
    }

    private void afterStep(
            StepReport report, TrainState state, Tracker trackers, @Nullable Previews previews, RunListener listener) {
        lastLosses.addLast(report.loss());
        if (lastLosses.size() > LAST) {
            lastLosses.removeFirst();
        }
        trackers.scalars(report.globalStep(), scalars(report, state));
        RunProgress progress = new RunProgress(
                report.globalStep(),
                report.totalSteps(),
                report.epoch() + 1,
                report.loss(),
                report.epochMeanLoss(),
                meanOfLast(),
                report.learningRate(),
                report.examples() / report.seconds());
        listener.onStep(progress);
        if (report.endsEpoch()) {
            listener.onEpoch(progress);
        }
        boolean last = report.globalStep() == report.totalSteps();
        if (previews != null && recipe.samples().count() > 0 && (last || isPreviewDue(report))) {
            Path picture = folder.samples(report.globalStep());
            Pictures.write(picture, previews.draw(state), trackers, report.globalStep());
            listener.onSamples(picture);
        }
        if (report.endsEpoch() || last) {
            trackers.flush();
        }
    }

    private boolean isPreviewDue(StepReport report) {
        SamplesConfig samples = recipe.samples();
        Integer everySteps = samples.everySteps();
        if (everySteps != null && report.globalStep() % everySteps == 0) {
            return true;
        }
        return report.endsEpoch() && samples.everyEpochs() > 0 && (report.epoch() + 1) % samples.everyEpochs() == 0;
    }

    private Map<String, Double> scalars(StepReport report, TrainState state) {
        Map<String, Double> values = new LinkedHashMap<>();
        values.put("loss", report.loss());
        values.put("lr", report.learningRate());
        values.put("epoch", (double) report.epoch());
        values.put("images_per_second", report.examples() / report.seconds());
        if (!Double.isNaN(report.gradNorm())) {
            values.put("grad_norm", report.gradNorm());
        }
        Ema ema = state.ema();
        if (ema != null) {
            values.put("ema_decay", ema.lastDecay());
        }
        if (report.endsEpoch()) {
            values.put("epoch_mean_loss", report.epochMeanLoss());
            values.put("last_100_mean_loss", meanOfLast());
        }
        return values;
    }

    private double meanOfLast() {
        return lastLosses.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
    }

    /** The averaged weights where there are any. */
    private void saveModel(TrainState state, Model model, Scheduler scheduler) {
        Scheduler saved = model instanceof DiffusionModel ? scheduler : null;
        Ema ema = state.ema();
        if (ema == null) {
            PipelineFolder.write(folder.model(), model, saved);
        } else {
            ema.whileApplied(() -> PipelineFolder.write(folder.model(), model, saved));
        }
    }
}
