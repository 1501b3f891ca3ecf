// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.data.loader.BatchLoader;
import dev.diffusion4j.folder.Companions;
import dev.diffusion4j.model.Classifier;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.autoencoder.AutoencoderKl;
import dev.diffusion4j.model.clip.ClipModel;
import dev.diffusion4j.objective.Objective;
import dev.diffusion4j.pipeline.PipelineParts;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.tensor.Placement;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tracking.EpochHistory;
import dev.diffusion4j.tracking.LossPlot;
import dev.diffusion4j.tracking.Tracker;
import dev.diffusion4j.tracking.Trackers;
import dev.diffusion4j.trainer.Checkpoints;
import dev.diffusion4j.trainer.Choices;
import dev.diffusion4j.trainer.DataRecord;
import dev.diffusion4j.trainer.Trainer;
import dev.diffusion4j.trainer.UpdatePlan;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/** Everything that a run holds while it trains: data, network, trainer; from its last checkpoint where there is one. */
final class TrainingSession implements AutoCloseable {
    private final Recipe recipe;
    private final RunFolder folder;
    private final @Nullable Path checkpoint;
    private final RunListener listener;
    private final BooleanSupplier stop;
    private final Deque<AutoCloseable> open = new ArrayDeque<>();

    private final TrainingData data;
    private final Model model;
    private final @Nullable TrainedPipeline trained;
    private final Choices choices;
    private final BatchLoader loader;
    private final @Nullable Validation validation;
    private final Trainer trainer;

    /**
     * @param checkpoint to go on from; {@code null} for the beginning
     * @param allowDrift go on although the data changed or this machine gives other last bits
     * @param stop asked before each update, and while pictures are encoded before the first
     * @throws RowMaker.Stopped where it was stopped before the first update
     */
    TrainingSession(
            Recipe recipe,
            RunFolder folder,
            @Nullable Path checkpoint,
            RunParts parts,
            boolean allowDrift,
            RunListener listener,
            BooleanSupplier stop) {
        this.listener = listener;
        this.stop = stop;
        this.recipe = recipe;
        this.folder = folder;
        this.checkpoint = checkpoint;
        try {
            data = held(DreamBooth.open(recipe, folder, parts));
            model = held(network(new ModelFactory(parts.families())));
            LoraTraining.inject(model, recipe.lora(), recipe.training().seed());
            Scheduler scheduler = recipe.scheduler().create();
            Companions beside = parts.isPlain() ? RecipeParts.ofRun(recipe.model(), parts.families()) : null;
            PipelineParts own =
                    model instanceof DiffusionModel denoiser ? held(parts.open(denoiser, beside, recipe)) : null;
            LoraTraining.injectText(own == null ? null : own.conditioner(), recipe);
            Objective live = objective(scheduler, own, parts);
            choices = choices(parts, live, allowDrift);
            trained = own == null ? null : trained(scheduler, own, beside);
            DataRecord record = DataRecord.of(data.dataset());
            checkData(record, allowDrift);
            KeptInputs kept = trained == null ? KeptInputs.NONE : held(kept(trained));
            loader = held(loader(kept.latents()));
            validation = Validation.open(recipe, parts, data, live, trained, folder);
            if (validation != null) {
                held(validation);
            }
            trainer = trainer(given(kept, live, scheduler, parts), parts, record);
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private Trainer trainer(Objective objective, RunParts parts, DataRecord record) {
        Checkpoints checkpoints =
                new Checkpoints(folder.checkpoints(), recipe.training().keepCheckpoints(), record);
        Trainer made = held(
                new Trainer(objective, loader, DreamBooth.training(recipe), choices, checkpoints, parts.exchange()));
        if (checkpoint != null) {
            Checkpoints.restore(checkpoint, made.state(), recipe.training().gradientAccumulationSteps());
        }
        return made;
    }

    private <R extends AutoCloseable> R held(R resource) {
        open.push(resource);
        return resource;
    }

    private Model network(ModelFactory networks) {
        if (recipe.lora() != null) { // whose checkpoints hold the LoRA alone
            return networks.createBase(recipe);
        }
        return checkpoint == null
                ? networks.create(recipe.model(), recipe.training().seed())
                : networks.createEmpty(recipe.model());
    }

    private KeptInputs kept(TrainedPipeline pipeline) {
        int threads = choices.placement().torchDevice().is_cpu() ? choices.threads() : 1;
        return KeptInputs.open(recipe, folder, data, pipeline, threads, listener, stop);
    }

    /** @param latents in place of the pictures; {@code null} for these */
    private BatchLoader loader(@Nullable LatentCache latents) {
        int batch = recipe.training().batchSize();
        long seed = recipe.training().seed();
        return latents == null
                ? data.loader(batch, seed, batchesDone())
                : data.loader(latents, batch, seed, batchesDone());
    }

    /** An objective that is given what is kept, in place of {@code live}, which is given pictures and captions. */
    private Objective given(KeptInputs kept, Objective live, Scheduler scheduler, RunParts parts) {
        return trained == null || kept.isEmpty() ? live : objective(scheduler, kept.seen(trained), parts);
    }

    private Objective objective(Scheduler scheduler, @Nullable PipelineParts own, RunParts parts) {
        Classifier eye = Objectives.openEye(recipe.objective(), model, parts.families());
        return Objectives.create(
                recipe.objective(),
                model,
                scheduler,
                own,
                eye == null ? null : held(eye),
                model instanceof ClipModel clip ? ClipTokens.ofRun(recipe, data, folder, clip) : null,
                new SampleSize(data.transform().height(), data.transform().width()),
                recipe.training().epochs(),
                recipe.dreambooth());
    }

    private Choices choices(RunParts parts, Objective objective, boolean allowDrift) {
        if (checkpoint == null) {
            String device = parts.device(recipe);
            Placement wanted = new Placement(device, ChosenDtype.of(recipe, folder, device), 0);
            return Choices.forThisMachine(wanted, recipe.training().batchSize(), objective);
        }
        Choices before = Checkpoints.readChoices(checkpoint);
        return allowDrift ? before.onThisMachine() : before;
    }

    /** With the networks beside the denoiser put where it computes; those that learn, the trainer prepares. */
    private TrainedPipeline trained(Scheduler scheduler, PipelineParts own, @Nullable Companions beside) {
        DiffusionModel denoiser = (DiffusionModel) model;
        Placement placement = new Placement(choices.device(), Precision.F32, 0);
        ScalarType frozen = recipe.training().frozenDtype().scalarType();
        own.networks().forEach((name, network) -> {
            network.requiresGrad(false);
            if (!placement.torchDevice().is_cpu()) {
                boolean learns = own.conditioner().learning().contains(name);
                network.convert(placement.torchDevice(), learns ? ScalarType.Float : frozen);
            }
            network.channelsLast(choices.channelsLast());
        });
        int known = denoiser.numClasses();
        int classes = known > 0 ? known : data.dataset().classNames().size();
        return new TrainedPipeline(denoiser, scheduler, own, beside, placement, classes);
    }

    private void checkData(DataRecord now, boolean allowDrift) {
        if (allowDrift) {
            return;
        }
        DataRecord before = checkpoint == null ? DataRecord.NONE : Checkpoints.readData(checkpoint);
        now.changeSince(before).ifPresent(change -> {
            throw Problem.failure("the data changed since the run was stopped: of "
                    + data.dataset().description() + " " + change
                    + "; put back what it was, or go on all the same with {allowDrift}");
        });
    }

    private long batchesDone() {
        return checkpoint == null
                ? 0
                : Checkpoints.readBatches(checkpoint, recipe.training().gradientAccumulationSteps());
    }

    /** Trains to the end, or until {@code stop} returns true; then a checkpoint is there. */
    RunSummary run() {
        RunPlan plan = plan();
        plan.write(folder.plan());
        listener.onPlan(plan);
        try (Tracker trackers = openTrackers()) {
            Previews previews = previews();
            Exports exports = exports();
            RunLog log = new RunLog(recipe.samples(), folder, trackers, previews, exports, validation, listener, stop);
            log.recall(trainer.state().globalStep());
            boolean finished = train(log);
            if (finished) {
                exports.atEnd(trainer.state());
            }
            trackers.flush();
            plot();
            if (finished) {
                exports.finishCards();
            }
            trackers.end(finished);
            return new RunSummary(folder.path(), finished, trainer.state().globalStep(), log.meanOfLast());
        }
    }

    private @Nullable Previews previews() {
        if (trained != null) {
            return new DrawnPreviews(recipe.samples(), trained);
        }
        return model instanceof AutoencoderKl autoencoder
                ? new Reconstructions(recipe.samples(), autoencoder, data)
                : null;
    }

    private Exports exports() {
        return new Exports(recipe, folder, model, trained, MeasuredScale.of(recipe, model, data), listener);
    }

    /** Saves what was learnt so far as a folder of its own. */
    void save(Path target) {
        exports().write(target, trainer.state());
    }

    /** What the run will be; a step is tried. */
    RunPlan plan() {
        UpdatePlan plan = recipe.training().plan(loader.batchesPerEpoch());
        return new RunPlan(
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
                choices.threads());
    }

    private Tracker openTrackers() {
        long lastStep = trainer.state().globalStep();
        boolean allDone = lastStep == trainer.totalSteps();
        List<Tracker> trackers = new ArrayList<>();
        recipe.trackers().stream()
                .filter(kind -> !allDone || kind.isService())
                .forEach(kind -> trackers.add(kind.open(folder.path(), lastStep)));
        return new Trackers(trackers);
    }

    /** Whether all updates are done and all pictures drawn. */
    private boolean train(RunLog log) {
        try {
            log.drawMissing(trainer.state(), recipe.training().plan(loader.batchesPerEpoch()));
        } catch (CancellationException e) {
            return false; // the checkpoint that it went on from is still there
        }
        return trainer.run(log, stop) == Trainer.Outcome.FINISHED;
    }

    private void plot() {
        if (Files.exists(folder.metrics())) {
            LossPlot.write(folder.metrics(), folder.lossPlot());
            if (recipe.validation() != null && recipe.validation().everySteps() == null) {
                EpochHistory.write(folder.metrics(), folder.history());
            }
        }
    }

    /** Frees all of it, the last opened first. */
    @Override
    public void close() {
        RuntimeException failure = null;
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (Exception e) {
                RuntimeException known =
                        e instanceof RuntimeException unchecked ? unchecked : new IllegalStateException(e);
                if (failure == null) {
                    failure = known;
                } else {
                    failure.addSuppressed(known);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
