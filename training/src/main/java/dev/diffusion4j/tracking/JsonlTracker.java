// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tracking;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** {@code metrics.jsonl}: one JSON object a line, {@code step} first; the file that curves are drawn from. */
public final class JsonlTracker implements Tracker {
    private static final long FLUSH_NANOS = 1_000_000_000L;

    private final Path file;
    private final Writer writer;
    private long flushed = System.nanoTime();

    /**
     * Goes on after {@code lastStep}: later lines of an earlier run, and a half-written one, are removed first.
     *
     * @throws Problem (a failure) where the file cannot be written
     */
    public JsonlTracker(Path file, long lastStep) {
        this.file = file;
        try {
            if (Files.exists(file)) {
                cut(file, lastStep);
            }
            writer = Files.newBufferedWriter(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw Problem.failure("cannot write " + file + ": " + AtomicFile.reason(e), e);
        }
    }

    private static void cut(Path file, long lastStep) {
        List<String> kept = new ArrayList<>();
        for (Map<String, @Nullable Object> line : read(file)) {
            if (line.get("step") instanceof Long step && step <= lastStep) {
                kept.add(Json.compact(line));
            }
        }
        AtomicFile.write(file, kept.isEmpty() ? "" : String.join("\n", kept) + "\n");
    }

    /** All whole lines of a file. */
    public static List<Map<String, @Nullable Object>> read(Path file) {
        List<Map<String, @Nullable Object>> lines = new ArrayList<>();
        try {
            for (String line : Files.readAllLines(file)) {
                parse(line).ifPresent(lines::add);
            }
            return lines;
        } catch (IOException e) {
            throw Problem.failure("cannot read " + file + ": " + AtomicFile.reason(e), e);
        }
    }

    /** A line that was cut short by a kill is passed over. */
    private static Optional<Map<String, @Nullable Object>> parse(String line) {
        try {
            return Optional.of(Json.parseObject(line, "metrics"));
        } catch (Problem e) {
            return Optional.empty();
        }
    }

    @Override
    public void scalars(long step, Map<String, Double> values) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("step", step);
        line.putAll(values);
        try {
            writer.write(Json.compact(line));
            writer.write('\n');
            if (System.nanoTime() - flushed >= FLUSH_NANOS) { // whoever watches sees lines that are at most so old
                flush();
            }
        } catch (IOException e) {
            throw Problem.failure("cannot write " + file + ": " + AtomicFile.reason(e), e);
        }
    }

    @Override
    public void flush() {
        try {
            writer.flush();
            flushed = System.nanoTime();
        } catch (IOException e) {
            throw Problem.failure("cannot write " + file + ": " + AtomicFile.reason(e), e);
        }
    }

    @Override
    public void close() {
        try {
            writer.close();
        } catch (IOException e) {
            throw Problem.failure("cannot write " + file + ": " + AtomicFile.reason(e), e);
        }
    }
}
