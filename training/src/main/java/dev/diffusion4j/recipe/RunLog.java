// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.parallel.ProcessGroup;
import dev.diffusion4j.tensor.NativeMemory;
import dev.diffusion4j.tracking.JsonlTracker;
import dev.diffusion4j.tracking.Tracker;
import dev.diffusion4j.trainer.Ema;
import dev.diffusion4j.trainer.StepReport;
import dev.diffusion4j.trainer.TrainState;
import dev.diffusion4j.trainer.TrainingListener;
import dev.diffusion4j.trainer.UpdatePlan;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** What a run leaves behind after each update: numbers, pictures on the way, and what a listener receives. */
final class RunLog implements TrainingListener {
    private static final int LAST = 100;

    private final SamplesConfig samples;
    private final RunFolder folder;
    private final Tracker trackers;
    private final @Nullable Previews previews;
    private final @Nullable Exports exports;
    private final @Nullable Validation validation;
    private final RunListener listener;
    private final BooleanSupplier stop;
    private final ProcessGroup group;
    private final Deque<Double> lastLosses = new ArrayDeque<>();

    /**
     * @param trackers borrowed
     * @param previews {@code null} for a network that draws nothing
     * @param exports {@code null} for a run that is over
     * @param validation borrowed; {@code null} where nothing is measured on held-back pictures
     * @param stop asked while a picture is drawn
     * @param group of the processes, which measure together; borrowed
     */
    RunLog(
            SamplesConfig samples,
            RunFolder folder,
            Tracker trackers,
            @Nullable Previews previews,
            @Nullable Exports exports,
            @Nullable Validation validation,
            RunListener listener,
            BooleanSupplier stop,
            ProcessGroup group) {
        this.group = group;
        this.samples = samples;
        this.folder = folder;
        this.trackers = trackers;
        this.previews = previews;
        this.exports = exports;
        this.validation = validation;
        this.listener = listener;
        this.stop = stop;
    }

    /** Takes the losses up to {@code lastStep} from what an earlier part of the run wrote, for the mean of the last ones. */
    void recall(long lastStep) {
        if (lastStep == 0 || !Files.exists(folder.metrics())) {
            return;
        }
        for (Map<String, @Nullable Object> line : JsonlTracker.read(folder.metrics())) {
            if (line.get("step") instanceof Long step && step <= lastStep && line.get("loss") instanceof Double loss) {
                remember(loss);
            }
        }
    }

    private void remember(double loss) {
        lastLosses.addLast(loss);
        if (lastLosses.size() > LAST) {
            lastLosses.removeFirst();
        }
    }

    /**
     * Measures and draws what an earlier part of the run was stopped at before it was measured or drawn.
     *
     * @throws CancellationException where it is stopped again
     */
    void drawMissing(TrainState state, UpdatePlan plan) {
        long step = state.globalStep();
        if (step == 0) {
            return;
        }
        long totalSteps = plan.totalSteps(step, state.batchesDone());
        boolean endsEpoch = plan.endsEpoch(state.batchesDone());
        long epoch = plan.epochAfter(state.batchesDone() - 1);
        if (isValidationDue(step, totalSteps, endsEpoch, epoch) && !group.isForFirst(isMeasured(step))) {
            measure(step, state);
        }
        if (isPreviewDue(step, totalSteps, endsEpoch, epoch)
                && !group.isForFirst(Files.exists(picture(step, endsEpoch, epoch)))) {
            draw(step, state, endsEpoch, epoch, step == totalSteps);
        }
    }

    private boolean isValidationDue(long step, long totalSteps, boolean endsEpoch, long epoch) {
        return validation != null && validation.isDue(step, totalSteps, endsEpoch, epoch);
    }

    private boolean isMeasured(long step) {
        trackers.flush();
        return Files.exists(folder.metrics())
                && JsonlTracker.read(folder.metrics()).stream()
                        .anyMatch(line -> line.containsKey("val_loss")
                                && line.get("step") instanceof Long there
                                && there == step);
    }

    private void measure(long step, TrainState state) {
        if (validation != null) {
            Map<String, Double> values = validation.measure(state, stop);
            NativeMemory.giveBack();
            trackers.scalars(step, values);
            listener.onValidation(step, values);
        }
    }

    @Override
    public void onStep(StepReport report, TrainState state) {
        remember(report.loss());
        trackers.scalars(report.globalStep(), scalars(report, state));
        RunProgress progress = new RunProgress(
                report.globalStep(),
                report.totalSteps(),
                report.epoch() + 1,
                report.loss(),
                report.epochMeanLoss(),
                meanOfLast(),
                report.learningRate(),
                report.examples() / report.seconds(),
                report.scalars());
        listener.onStep(progress);
        if (report.endsEpoch()) {
            listener.onEpoch(progress);
        }
        if (exports != null) {
            exports.afterStep(report, state);
        }
        long step = report.globalStep();
        if (isValidationDue(step, report.totalSteps(), report.endsEpoch(), report.epoch())) {
            measure(step, state);
        }
        if (isPreviewDue(step, report.totalSteps(), report.endsEpoch(), report.epoch())) {
            draw(step, state, report.endsEpoch(), report.epoch(), step == report.totalSteps());
        }
    }

    @Override
    public void beforeCheckpoint() {
        trackers.flush();
    }

    /** By the first process, while the others wait: pictures may take longer than an exchange has. */
    private void draw(long step, TrainState state, boolean endsEpoch, long epoch, boolean isLast) {
        AtomicReference<@Nullable CancellationException> stopped = new AtomicReference<>();
        group.first(() -> {
            try {
                drawHere(step, state, endsEpoch, epoch, isLast);
            } catch (CancellationException e) {
                stopped.set(e);
            }
        });
        CancellationException known = stopped.get();
        if (known != null) {
            throw known;
        }
    }

    private void drawHere(long step, TrainState state, boolean endsEpoch, long epoch, boolean isLast) {
        if (previews != null) {
            Path picture = picture(step, endsEpoch, epoch);
            BufferedImage grid = previews.draw(state, stop);
            NativeMemory.giveBack(); // a picture takes more at once than steps do
            if (isLast && samples.epochNames()) {
                PngFile.write(folder.finalPicture(), grid);
            }
            Pictures.write(picture, grid, trackers, step);
            listener.onSamples(picture);
        }
    }

    private Path picture(long step, boolean endsEpoch, long epoch) {
        return samples.epochNames() && endsEpoch ? folder.epochPicture(epoch) : folder.samples(step);
    }

    /** @param epoch from 0 */
    private boolean isPreviewDue(long step, long totalSteps, boolean endsEpoch, long epoch) {
        if (samples.count() == 0) {
            return false;
        }
        Integer everySteps = samples.everySteps();
        if (step == totalSteps || everySteps != null && step % everySteps == 0) {
            return true;
        }
        return endsEpoch && samples.everyEpochs() > 0 && (epoch + 1) % samples.everyEpochs() == 0;
    }

    private Map<String, Double> scalars(StepReport report, TrainState state) {
        Map<String, Double> values = new LinkedHashMap<>();
        values.put("loss", report.loss());
        values.putAll(report.tracked());
        values.put("lr", report.learningRate());
        values.put("epoch", (double) report.epoch());
        values.put("images_per_second", report.examples() / report.seconds());
        values.put("examples", (double) report.examples());
        values.putAll(report.scalars());
        if (!Double.isNaN(report.gradNorm())) {
            values.put("grad_norm", report.gradNorm());
        }
        Ema ema = state.ema();
        if (ema != null) {
            values.put("ema_decay", ema.lastDecay());
        }
        if (report.endsEpoch()) {
            values.put("epoch_mean_loss", report.epochMeanLoss());
            report.epochMeanTracked().forEach((name, value) -> values.put("epoch_mean_" + name, value));
            values.put("last_100_mean_loss", meanOfLast());
        }
        return values;
    }

    /** NaN where there is none. */
    double meanOfLast() {
        return lastLosses.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
    }
}
