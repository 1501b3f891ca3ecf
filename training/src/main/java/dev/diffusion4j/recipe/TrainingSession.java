// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.data.loader.BatchLoader;
import dev.diffusion4j.folder.Companions;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.model.Classifier;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.autoencoder.AutoencoderKl;
import dev.diffusion4j.model.clip.ClipModel;
import dev.diffusion4j.objective.Objective;
import dev.diffusion4j.parallel.ProcessGroup;
import dev.diffusion4j.pipeline.PipelineParts;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.tensor.NativeMemory;
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
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Everything that a run holds while it trains: data, network, trainer; from its last checkpoint where there is one. */
final class TrainingSession implements AutoCloseable {
    private final Recipe recipe;
    private final RunFolder folder;
    private final @Nullable Path checkpoint;
    private final RunListener listener;
    private final BooleanSupplier stop;
    private final ProcessGroup group;
    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final FrozenParts frozen;

    private final TrainingData data;
    private final Model model;
    private final @Nullable TrainedPipeline trained;
    private final Choices choices;
    private final BatchLoader loader;
    private final boolean readsPictures;
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
        this.group = parts.group();
        this.listener = group.world().isFirst() ? listener : new RunListener() {};
        this.stop = stop;
        this.recipe = recipe;
        this.folder = folder;
        this.checkpoint = checkpoint;
        this.frozen = new FrozenParts(recipe.training().frozenDtype());
        try {
            data = held(DreamBooth.open(recipe, folder, parts));
            model = held(network(new ModelFactory(parts.families())));
            Recipe start = LoraTraining.startingWith(checkpoint, recipe, group);
            LoraTraining.inject(model, start.lora(), recipe.training().seed());
            Scheduler scheduler = recipe.scheduler().create();
            Companions beside = parts.isPlain() ? RecipeParts.ofRun(recipe.model(), parts.families()) : null;
            PipelineParts own = own(parts, beside, start);
            Objective live = objective(scheduler, own, parts);
            choices = choices(parts, live, allowDrift);
            trained = own == null ? null : trained(scheduler, own, beside);
            DataRecord record = DataRecord.of(data.dataset());
            checkData(record, allowDrift);
            Agreement.ofData(group, data.dataset().description(), record);
            KeptInputs kept = trained == null ? KeptInputs.NONE : held(kept(trained));
            long done = batchesDone();
            readsPictures = kept.latents() == null;
            loader = held(loader(kept.latents(), done));
            validation = heldIfAny(Validation.open(recipe, parts, data, live, trained, folder));
            trainer = trainer(given(kept, live, scheduler, parts), record, done);
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /** What stands beside the denoiser, with what learns in it; {@code null} for another network. */
    private @Nullable PipelineParts own(RunParts parts, @Nullable Companions beside, Recipe start) {
        int vectors = DreamBooth.wordVectors(recipe, group, checkpoint);
        PipelineParts own = model instanceof DiffusionModel denoiser
                ? held(parts.open(denoiser, beside, start, vectors, frozen))
                : null;
        LoraTraining.injectText(own == null ? null : own.conditioner(), start);
        return own;
    }

    private Trainer trainer(Objective objective, DataRecord record, long batchesDone) {
        Checkpoints checkpoints =
                new Checkpoints(folder.checkpoints(), recipe.training().keepCheckpoints(), record);
        Trainer made = held(new Trainer(objective, loader, DreamBooth.training(recipe), choices, checkpoints, group));
        made.begin(checkpoint, batchesDone);
        return made;
    }

    private <R extends AutoCloseable> R held(R resource) {
        open.push(resource);
        return resource;
    }

    private <R extends AutoCloseable> @Nullable R heldIfAny(@Nullable R resource) {
        return resource == null ? null : held(resource);
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
        Supplier<KeptInputs> open = () -> KeptInputs.open(recipe, folder, data, pipeline, threads, listener, stop);
        AtomicReference<@Nullable KeptInputs> made = new AtomicReference<>();
        AtomicReference<RowMaker.@Nullable Stopped> stopped = new AtomicReference<>();
        group.first(() -> {
            try {
                made.set(open.get());
            } catch (RowMaker.Stopped e) { // which would look like a crash to the others
                stopped.set(e);
            }
        });
        if (group.isForFirst(stopped.get() != null)) {
            RowMaker.Stopped own = stopped.get();
            throw own != null ? own : new RowMaker.Stopped("the inputs");
        }
        KeptInputs first = made.get();
        return first != null ? first : open.get(); // the others find what the first one wrote
    }

    /** @param latents in place of the pictures; {@code null} for these */
    private BatchLoader loader(@Nullable LatentCache latents, long batchesDone) {
        int batch = recipe.training().batchSize();
        long seed = recipe.training().seed();
        return latents == null
                ? data.loader(group.world(), batch, seed, batchesDone)
                : data.loader(latents, group.world(), batch, seed, batchesDone);
    }

    /** An objective that is given what is kept, in place of {@code live}, which is given pictures and captions. */
    private Objective given(KeptInputs kept, Objective live, Scheduler scheduler, RunParts parts) {
        if (trained == null || kept.isEmpty()) {
            return live;
        }
        Objective made = objective(scheduler, kept.seen(trained), parts);
        frozen.keepOnlyWhileUsed(kept.unused(trained.parts()));
        return made;
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
                ModelFactory.pictureSize(data),
                recipe.training().epochs(),
                recipe.dreambooth());
    }

    /** Those of the first process, as far as they decide what is computed; each has its own threads and its own device. */
    private Choices choices(RunParts parts, Objective objective, boolean allowDrift) {
        String device = parts.device(recipe);
        if (group.world().isFirst()) {
            Choices own = ownChoices(device, objective, allowDrift);
            group.ofFirst(Json.compact(Records.toMap(own)));
            return own;
        }
        Choices first = Records.bind(Choices.DEFAULT, Json.parseObject(group.ofFirst(""), "choices"), "choices");
        Choices own = Choices.forThisMachine(
                new Placement(device, first.dtype(), 0), recipe.training().batchSize(), objective);
        return own.as(first);
    }

    private Choices ownChoices(String device, Objective objective, boolean allowDrift) {
        int batch = recipe.training().batchSize();
        if (checkpoint == null) {
            Placement wanted = new Placement(device, ChosenDtype.of(recipe, folder, device), 0);
            return Choices.forThisMachine(wanted, batch, objective);
        }
        Choices before = Checkpoints.readChoices(checkpoint);
        if (Checkpoints.readProcesses(checkpoint) != group.world().size()) {
            return Choices.forThisMachine(new Placement(device, before.dtype(), 0), batch, objective);
        }
        return allowDrift ? before.onThisMachine() : before;
    }

    /** With the networks beside the denoiser put where it computes; those that learn, the trainer prepares. */
    private TrainedPipeline trained(Scheduler scheduler, PipelineParts own, @Nullable Companions beside) {
        DiffusionModel denoiser = (DiffusionModel) model;
        Placement placement = new Placement(choices.device(), Precision.F32, 0);
        frozen.settle(own, choices);
        int known = denoiser.numClasses();
        int classes = known > 0 ? known : data.dataset().classNames().size();
        return new TrainedPipeline(denoiser, scheduler, own, beside, frozen, placement, classes);
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

    /** Of all processes, in each of which it is the same; in batches of as many processes as there are now. */
    private long batchesDone() {
        return Long.parseLong(group.ofFirst(String.valueOf(ownBatchesDone())));
    }

    private long ownBatchesDone() {
        if (checkpoint == null) {
            return 0;
        }
        long done = Checkpoints.readBatches(checkpoint, recipe.training().gradientAccumulationSteps());
        return new OtherProcesses(recipe, data, group.world(), Checkpoints.readProcesses(checkpoint)).batches(done);
    }

    /** Trains to the end, or until {@code stop} returns true; then a checkpoint is there. */
    RunSummary run() {
        RunPlan plan = plan();
        if (!group.world().isFirst()) {
            return runBeside();
        }
        plan.write(folder.plan());
        listener.onPlan(plan);
        try (Tracker trackers = openTrackers()) {
            Previews previews = previews();
            Exports exports = exports();
            RunLog log = new RunLog(
                    recipe.samples(), folder, trackers, previews, exports, validation, listener, stop, group);
            log.recall(trainer.state().globalStep());
            boolean finished = train(log);
            trackers.flush();
            plot(); // which the card shows
            if (finished) {
                exports.atEnd(trainer.state());
            }
            trackers.end(finished);
            return new RunSummary(folder.path(), finished, trainer.state().globalStep(), log.meanOfLast());
        }
    }

    /** As one of the processes that write nothing. */
    private RunSummary runBeside() {
        RunLog log = new RunLog(
                recipe.samples(), folder, new Trackers(List.of()), null, null, validation, listener, stop, group);
        boolean finished = train(log);
        return new RunSummary(folder.path(), finished, trainer.state().globalStep(), log.meanOfLast());
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
        int examples = recipe.training().batchSize() * group.world().size() * plan.batchesOfNextStep(0);
        long left = (trainer.totalSteps() - trainer.state().globalStep()) * examples;
        return new RunPlan(
                recipe.name(),
                data.dataset().description(),
                trainer.trainedParameters(),
                trainer.state().globalStep(),
                trainer.totalSteps(),
                plan.stepsPerEpoch(),
                trainer.secondsPerStep(),
                ProcessMemory.expectedMiB(
                        readsPictures ? data.bytesToCome(left / group.world().size()) : 0),
                examples,
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
        boolean isStopped = false;
        try {
            log.drawMissing(trainer.state(), recipe.training().plan(loader.batchesPerEpoch()));
        } catch (CancellationException e) {
            isStopped = true; // the checkpoint that it went on from is still there
        }
        if (group.any(isStopped)) {
            return false;
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
        NativeMemory.giveBack();
        if (failure != null) {
            throw failure;
        }
    }
}
