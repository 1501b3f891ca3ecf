// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.lessons;

import dev.diffusion4j.base.Worded;
import dev.diffusion4j.recipe.RunListener;
import dev.diffusion4j.recipe.RunPlan;
import dev.diffusion4j.recipe.RunProgress;
import dev.diffusion4j.recipe.TrainingRun;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A lesson's training at work, on a thread of its own, and how far it is. What was stopped goes on when it is begun again. */
final class LessonTraining implements RunListener {
    private static final Logger LOG = LoggerFactory.getLogger(LessonTraining.class);
    /** Points of its curve at most; with more, every second goes. */
    private static final int MOST_POINTS = 400;

    private static final long LAST_STEP_MS = 30_000;

    private final Function<Path, String> places;
    private final Thread thread;
    private volatile boolean stopping;

    private String state = "starting";
    private String message = "";
    private long step;
    private long total;
    private long begun;
    private long first;
    private int every = 1;
    private final List<double[]> losses = new ArrayList<>();
    private final List<Map<String, Object>> samples = new ArrayList<>();
    private final List<Map<String, Double>> figures = new ArrayList<>();
    private long version;

    /**
     * Begins.
     *
     * @param run made on the thread that trains
     * @param places how a page calls a file
     */
    LessonTraining(Supplier<TrainingRun> run, Function<Path, String> places) {
        this.places = places;
        this.thread = new Thread(() -> train(run), "diffusion4j-lesson");
        thread.setDaemon(true);
        thread.start();
    }

    private void train(Supplier<TrainingRun> run) {
        try {
            boolean finished = run.get().run(this, () -> stopping).finished();
            end(finished ? "done" : "stopped", "");
        } catch (RuntimeException | LinkageError e) {
            LOG.warn("a lesson's training failed", e);
            end("failed", Worded.marked(e));
        }
    }

    private synchronized void end(String how, String why) {
        state = how;
        message = why;
        changed();
    }

    private void changed() {
        version++;
        notifyAll();
    }

    @Override
    public synchronized void onPlan(RunPlan plan) {
        state = "training";
        begun = System.nanoTime();
        changed();
    }

    @Override
    public synchronized void onStep(RunProgress progress) {
        if (first == 0) {
            first = progress.step();
        }
        step = progress.step();
        total = progress.totalSteps();
        if (step % every == 0) {
            losses.add(new double[] {step, progress.loss(), progress.last100()});
        }
        if (losses.size() > MOST_POINTS) {
            every *= 2;
            losses.removeIf(point -> (long) point[0] % every != 0);
        }
        changed();
    }

    @Override
    public synchronized void onSamples(Path picture) {
        samples.add(Map.of("step", step, "place", places.apply(picture)));
        changed();
    }

    @Override
    public synchronized void onValidation(long at, Map<String, Double> values) {
        Map<String, Double> all = new LinkedHashMap<>(values);
        all.put("step", (double) at);
        figures.add(all);
        changed();
    }

    @Override
    public synchronized void onAlreadyFinished(long steps) {
        step = steps;
        total = steps;
        changed();
    }

    /** Ends it after the step that it is at; its checkpoint stays. */
    void stop() {
        stopping = true;
    }

    /** Waits a moment for the last step. */
    void join() {
        try {
            thread.join(LAST_STEP_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    synchronized boolean isAtWork() {
        return state.equals("starting") || state.equals("training");
    }

    /** Grows with each change. */
    synchronized long version() {
        return version;
    }

    /** How far it is. */
    synchronized Map<String, @Nullable Object> toMap() {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("state", stopping && isAtWork() ? "stopping" : state);
        map.put("message", message);
        map.put("step", step);
        map.put("total", total);
        map.put("seconds_left", secondsLeft());
        map.put(
                "losses",
                losses.stream()
                        .map(point -> List.of(point[0], point[1], point[2]))
                        .toList());
        map.put("samples", List.copyOf(samples));
        map.put("figures", List.copyOf(figures));
        return map;
    }

    private @Nullable Double secondsLeft() {
        long made = step - first;
        return made < 3 || !isAtWork() ? null : (System.nanoTime() - begun) / 1e9 / (made + 1) * (total - step);
    }
}
