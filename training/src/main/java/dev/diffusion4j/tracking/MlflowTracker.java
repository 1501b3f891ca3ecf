// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tracking;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.json.Yaml;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A run on an MLflow server: the recipe's values as parameters, numbers, sample pictures, {@code recipe.yaml} and {@code loss.png}.
 * All is sent in the background; a server that is down or slow neither stops nor slows the training, and what it did not get by the
 * end is reported in a line. A resumed training goes on in the same run.
 */
public final class MlflowTracker implements Tracker {
    static final Logger LOG = LoggerFactory.getLogger(MlflowTracker.class);

    /** In the run's folder: which run on which server it is. */
    static final String FILE = "mlflow.json";

    private static final int SHORT_WAIT = 1500; // milliseconds without a word
    private static final String METRICS = "metrics.jsonl";
    private static final int MOST_NUMBERS = 100_000;
    private static final long MOST_BYTES = 64L << 20;

    private final Path folder;
    private final MlflowOutbox outbox;
    private final MlflowSender sender;
    private final Thread thread;
    private String status = "FAILED";

    /**
     * Of this process's environment. What {@code metrics.jsonl} has of earlier steps and the server has not is sent first.
     *
     * @param folder the run's, with its {@code recipe.yaml}
     * @param lastStep the run's last step so far; 0 for a new run
     * @throws Problem (a wrong request) where a variable cannot be
     */
    public MlflowTracker(Path folder, long lastStep) {
        this(
                folder,
                lastStep,
                MlflowSettings.fromEnvironment(),
                new MlflowOutbox(MOST_NUMBERS, MOST_BYTES),
                MlflowSender.Pace.USUAL);
    }

    MlflowTracker(Path folder, long lastStep, MlflowSettings settings, MlflowOutbox outbox, MlflowSender.Pace pace) {
        this.folder = folder;
        this.outbox = outbox;
        Path recipe = folder.resolve("recipe.yaml");
        MlflowAbout about =
                new MlflowAbout(settings, Files.exists(recipe) ? Yaml.readObject(recipe) : Map.of(), folder);
        sender = new MlflowSender(
                new MlflowClient(settings), about, folder, outbox, () -> earlier(folder, lastStep), pace);
        thread = new Thread(sender, "mlflow");
        thread.setDaemon(true);
        addFile(recipe);
        thread.start();
    }

    /** Finds out whether there can be one, without asking any server: {@link Problem} (a wrong request) where not. */
    static void check() {
        MlflowSettings.fromEnvironment();
    }

    private static List<MlflowOutbox.Metric> earlier(Path folder, long lastStep) {
        Path file = folder.resolve(METRICS);
        List<MlflowOutbox.Metric> numbers = new ArrayList<>();
        if (lastStep == 0 || !Files.exists(file)) {
            return numbers;
        }
        long now = System.currentTimeMillis();
        for (Map<String, @Nullable Object> line : JsonlTracker.read(file)) {
            if (line.get("step") instanceof Long step && step <= lastStep) {
                line.forEach((key, value) -> {
                    if (value instanceof Number number && !key.equals("step")) {
                        numbers.add(new MlflowOutbox.Metric(MlflowAbout.named(key), number.doubleValue(), step, now));
                    }
                });
            }
        }
        return numbers;
    }

    @Override
    public void scalars(long step, Map<String, Double> values) {
        long now = System.currentTimeMillis();
        values.forEach((key, value) -> {
            outbox.add(new MlflowOutbox.Metric(MlflowAbout.named(key), value, step, now));
            sender.nudge();
        });
    }

    @Override
    public void image(long step, String name, BufferedImage image) {
        String path = String.format(Locale.ROOT, "%s/step-%06d.png", MlflowAbout.named(name), step);
        outbox.add(new MlflowOutbox.Content(path.replace(' ', '_'), PngFile.bytes(image, Map.of())));
    }

    private void addFile(Path file) {
        if (Files.exists(file)) {
            try {
                outbox.add(new MlflowOutbox.Content(String.valueOf(file.getFileName()), Files.readAllBytes(file)));
            } catch (IOException e) {
                LOG.warn("MLflow does not get {}: {}", file, AtomicFile.reason(e));
            }
        }
    }

    @Override
    public void end(boolean isFinished) {
        addFile(folder.resolve("loss.png"));
        status = isFinished ? "FINISHED" : "KILLED";
    }

    /** Waits for some seconds at most. */
    @Override
    public void close() {
        Duration most = sender.finish(status);
        try {
            thread.join(Math.min(SHORT_WAIT, most.toMillis()));
            if (thread.isAlive() && most.toMillis() > SHORT_WAIT) {
                LOG.warn("waiting for MLflow, {} s at most", most.toSeconds());
                thread.join(most.toMillis() - SHORT_WAIT);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        sender.abandon();
        sayUnsent();
    }

    private void sayUnsent() {
        List<String> parts = new ArrayList<>();
        long numbers = outbox.unsentNumbers() + sender.unsentEarlier();
        if (numbers > 0) {
            parts.add(numbers + " numbers");
        }
        if (outbox.unsentFiles() > 0) {
            parts.add(outbox.unsentFiles() + " files");
        }
        if (!sender.isEnded()) {
            parts.add("the end");
        }
        if (!parts.isEmpty()) {
            boolean isKept = Files.exists(folder.resolve(METRICS));
            LOG.warn(
                    "MLflow did not get all of this run ({}){}",
                    String.join(", ", parts),
                    isKept ? "; metrics.jsonl in " + folder + " has every number" : "");
        }
    }
}
