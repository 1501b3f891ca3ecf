// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.service.FinishedPicture;
import dev.diffusion4j.service.Job;
import dev.diffusion4j.service.JobListener;
import dev.diffusion4j.service.JobProgress;
import dev.diffusion4j.service.JobResult;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A job that a caller comes back for, with what has happened to it: of progress and previews only the last, so that it does not grow with the steps. Its
 * events are numbered, so that whoever missed some goes on after the last one seen.
 */
final class KeptJob implements JobListener {
    private static final int BYTES_PER_PIXEL = 4;

    private final String id;
    private final String caller;
    private final Uploads.Batch files;
    private final ServerExtension keeper;
    private final ReentrantLock lock = new ReentrantLock();
    private final List<Runnable> changes = new CopyOnWriteArrayList<>();
    private final Map<String, Event> events = new LinkedHashMap<>();
    private final Map<Integer, FinishedPicture> pictures = new LinkedHashMap<>();
    private final Map<Integer, String> places = new ConcurrentHashMap<>();
    private final Map<String, List<Double>> losses = new LinkedHashMap<>();
    private volatile @Nullable Job job;
    private volatile @Nullable ErrorAnswer failure;
    private volatile @Nullable CompletableFuture<JobResult> end;
    private volatile long ended;
    private long last;

    /**
     * What happened.
     *
     * @param image of a preview
     */
    record Event(long number, String name, int index, @Nullable JobProgress progress, @Nullable BufferedImage image) {}

    @Override
    public void onLosses(Job of, int step, Map<String, Double> values) {
        lock.lock();
        try {
            values.forEach((name, value) ->
                    losses.computeIfAbsent(name, key -> new ArrayList<>()).add(value));
            add("losses", "losses", step, null, null);
        } finally {
            lock.unlock();
        }
    }

    /** What it is steered by, step by step, by the names of the guidances. */
    Map<String, List<Double>> losses() {
        lock.lock();
        try {
            Map<String, List<Double>> copy = new LinkedHashMap<>();
            losses.forEach((name, values) -> copy.put(name, List.copyOf(values)));
            return copy;
        } finally {
            lock.unlock();
        }
    }

    /**
     * @param files that the job needs, deleted when it is over
     * @param keeper of finished pictures
     */
    KeptJob(String id, String caller, Uploads.Batch files, ServerExtension keeper) {
        this.id = id;
        this.caller = caller;
        this.files = files;
        this.keeper = keeper;
    }

    /** From now on it is this job's. */
    void start(Job value) {
        job = value;
        CompletableFuture<JobResult> whole = value.result().whenComplete((result, error) -> end(value, error));
        end = whole;
        CompletableFuture<JobResult> unused = whole.whenComplete((result, error) -> changes.forEach(Runnable::run));
    }

    private void end(Job of, @Nullable Throwable error) {
        failure = error == null ? null : files.answer(error);
        files.close();
        ended = System.nanoTime();
        lock.lock();
        try {
            events.values()
                    .removeIf(event -> event.image() != null); // they would be held for as long as the pictures are
            add(of.state().name().toLowerCase(Locale.ROOT), "end", 0, null, null);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void onProgress(Job of, JobProgress progress) {
        add("progress", "progress", 0, progress, null);
    }

    @Override
    public void onPreview(Job of, int index, BufferedImage preview) {
        add("preview", "preview " + index, index, null, preview);
    }

    @Override
    public void onPicture(Job of, FinishedPicture picture) {
        String place =
                keeper.keep(new FinishedPicture(picture.index(), picture.image(), files.hidden(picture, of.request())));
        if (place != null) {
            places.put(picture.index(), place);
        }
        lock.lock();
        try {
            pictures.put(picture.index(), picture);
            events.remove("preview " + picture.index());
            add("picture", "picture " + picture.index(), picture.index(), null, null);
        } finally {
            lock.unlock();
        }
    }

    /** @param key of which only the last event is kept */
    private void add(
            String name, String key, int index, @Nullable JobProgress progress, @Nullable BufferedImage image) {
        lock.lock();
        try {
            events.remove(key);
            last++;
            events.put(key, new Event(last, name, index, progress, image));
        } finally {
            lock.unlock();
        }
        changes.forEach(Runnable::run);
    }

    /** What happened after an event. */
    List<Event> after(long number) {
        lock.lock();
        try {
            return events.values().stream()
                    .filter(event -> event.number > number)
                    .toList();
        } finally {
            lock.unlock();
        }
    }

    /** @param runnable runs, on the thread of the job, whenever something has happened */
    void onChange(Runnable runnable) {
        changes.add(runnable);
    }

    /** Who does not listen any longer. */
    void forget(Runnable runnable) {
        changes.remove(runnable);
    }

    String id() {
        return id;
    }

    /** Whose it is. */
    String caller() {
        return caller;
    }

    Uploads.Batch files() {
        return files;
    }

    /** The engine's job. */
    Job job() {
        Job started = job;
        if (started == null) {
            throw new IllegalStateException("this job has not been submitted");
        }
        return started;
    }

    /** Why there are no pictures; {@code null} where it is not over, or well. */
    @Nullable
    ErrorAnswer failure() {
        return failure;
    }

    /** Whether nothing more happens, and all that did is among the events. */
    boolean isOver() {
        CompletableFuture<JobResult> known = end;
        return known != null && known.isDone();
    }

    /** For how many nanoseconds it has been over. */
    long age(long now) {
        return isOver() ? now - ended : 0;
    }

    /** The finished pictures, in order. */
    List<FinishedPicture> pictures() {
        lock.lock();
        try {
            return new ArrayList<>(pictures.values());
        } finally {
            lock.unlock();
        }
    }

    /** Where a picture was kept for longer; {@code null} where it was not. */
    @Nullable
    String place(int index) {
        return places.get(index);
    }

    /** What its pictures take of the heap. */
    long bytes() {
        return pictures().stream()
                .mapToLong(picture -> (long) BYTES_PER_PIXEL
                        * picture.image().getWidth()
                        * picture.image().getHeight())
                .sum();
    }
}
