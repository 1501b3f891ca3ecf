// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe.watch;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Yaml;
import dev.diffusion4j.recipe.ChainRun;
import dev.diffusion4j.recipe.RunFolder;
import dev.diffusion4j.recipe.RunWorker;
import dev.diffusion4j.recipe.watch.RunState.Grid;
import dev.diffusion4j.recipe.watch.RunState.Phase;
import dev.diffusion4j.recipe.watch.RunState.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads {@link RunState}s: a few small files, and the end of a long one. */
final class StateReader {
    private static final int LAST = 100;
    /** Room for the last hundred lines. */
    private static final int TAIL_BYTES = 100 << 10;

    private static final Pattern CHECKPOINT = Pattern.compile("step-(\\d{8,})");
    private static final Pattern GRID = Pattern.compile("step-(\\d{6,})\\.png");
    private static final Pattern EPOCH_GRID = Pattern.compile("(\\d+)epochs\\.png");
    private static final Pattern SAVED = Pattern.compile("step-(\\d{6,})");

    private StateReader() {}

    /** A name with the number in it. */
    private record Numbered(long number, Path file) {}

    static Optional<RunState> read(Path folder) {
        RunFolder run = new RunFolder(folder);
        if (ChainRun.isIn(folder)) {
            return Optional.of(chain(run));
        }
        return Files.exists(run.recipe()) ? Optional.of(run(run)) : Optional.empty();
    }

    private static RunState run(RunFolder run) {
        @Nullable RunWorker worker = RunWorker.of(run.path()).orElse(null);
        List<Numbered> saved = numbered(run.path().resolve("models"), SAVED);
        Path own = run.hasLora() ? run.lora() : run.model();
        boolean isWhole = run.isFinished();
        @Nullable
        Path last = saved.isEmpty() ? null : saved.get(saved.size() - 1).file();
        return new RunState(
                run.path(),
                name(run),
                phase(worker, isWhole),
                worker == null ? null : worker.reason(),
                worker,
                progress(run),
                numbered(run.checkpoints(), CHECKPOINT).stream()
                        .map(Numbered::number)
                        .toList(),
                grids(run),
                isWhole ? own : last,
                isWhole ? run.hasLora() : last != null && new RunFolder(last).isLoraItself(),
                Map.of(),
                changed(run, worker));
    }

    private static RunState chain(RunFolder chain) {
        Map<String, Object> file = values(chain.path().resolve("chain.yaml"));
        Map<String, RunState> stages = new LinkedHashMap<>();
        boolean isWhole = true;
        for (String stage : stageNames(file)) {
            Optional<RunState> state = read(chain.path().resolve(stage));
            state.ifPresent(there -> stages.put(stage, there));
            isWhole &= state.filter(there -> there.phase() == Phase.FINISHED).isPresent();
        }
        @Nullable RunWorker worker = RunWorker.of(chain.path()).orElse(null);
        @Nullable
        RunState at = stages.values().stream()
                .filter(stage -> stage.phase() != Phase.FINISHED)
                .findFirst()
                .or(() -> stages.values().stream().reduce((before, after) -> after))
                .orElse(null);
        boolean hasOwn = chain.isFinished();
        return new RunState(
                chain.path(),
                Objects.toString(file.get("name"), String.valueOf(chain.path().getFileName())),
                phase(worker, isWhole),
                worker == null ? null : worker.reason(),
                worker,
                at == null ? new Progress(0, 0, Double.NaN, Double.NaN, Double.NaN, Double.NaN) : at.progress(),
                List.of(),
                at == null ? List.of() : at.samples(),
                hasOwn ? chain.hasLora() ? chain.lora() : chain.model() : null,
                hasOwn && chain.hasLora(),
                stages,
                at == null ? changed(chain, worker) : at.changed());
    }

    private static List<String> stageNames(Map<String, Object> chain) {
        return chain.get("stages") instanceof Map<?, ?> stages
                ? List.copyOf(Json.object(stages).keySet())
                : List.of();
    }

    private static Phase phase(@Nullable RunWorker worker, boolean isWhole) {
        if (worker != null && worker.isAtWork()) {
            return Phase.RUNNING;
        }
        if (isWhole) {
            return Phase.FINISHED;
        }
        if (worker == null) {
            return Phase.STOPPED;
        }
        RunWorker.@Nullable End end = worker.end();
        return end == null ? Phase.INTERRUPTED : end == RunWorker.End.FAILED ? Phase.FAILED : Phase.STOPPED;
    }

    private static String name(RunFolder run) {
        return Objects.toString(
                values(run.recipe()).get("name"), String.valueOf(run.path().getFileName()));
    }

    /** Nothing of what cannot be read: it may be of another version, or written by hand. */
    private static Map<String, Object> values(Path yaml) {
        try {
            Map<String, Object> values = new LinkedHashMap<>();
            Yaml.readObject(yaml).forEach((key, value) -> {
                if (value != null) {
                    values.put(key, value);
                }
            });
            return values;
        } catch (Problem e) {
            return Map.of();
        }
    }

    private static Progress progress(RunFolder run) {
        long step = 0;
        double loss = Double.NaN;
        double seconds = 0;
        double images = 0;
        List<Double> losses = new ArrayList<>();
        List<Double> times = new ArrayList<>();
        for (Map<String, @Nullable Object> line : MetricsTail.last(run.metrics(), TAIL_BYTES)) {
            if (line.get("step") instanceof Number at && line.get("loss") instanceof Number value) {
                step = at.longValue();
                loss = value.doubleValue();
                losses.add(loss);
                double rate = number(line.get("images_per_second"));
                double count = number(line.get("examples"));
                times.add(count / rate);
                seconds = mean(times);
                images = count / seconds;
            }
        }
        long total = total(run);
        double left = total == 0 || losses.isEmpty() ? Double.NaN : seconds * Math.max(0, total - step);
        return new Progress(step, total, loss, mean(losses), losses.isEmpty() ? Double.NaN : images, left);
    }

    private static double number(@Nullable Object value) {
        return value instanceof Number number ? number.doubleValue() : Double.NaN;
    }

    private static double mean(List<Double> values) {
        return values.subList(Math.max(0, values.size() - LAST), values.size()).stream()
                .mapToDouble(Double::doubleValue)
                .average()
                .orElse(Double.NaN);
    }

    private static long total(RunFolder run) {
        try {
            return Files.exists(run.plan()) && Json.readObject(run.plan()).get("total_steps") instanceof Number total
                    ? total.longValue()
                    : 0;
        } catch (Problem e) {
            return 0;
        }
    }

    private static List<Grid> grids(RunFolder run) {
        List<Grid> grids = new ArrayList<>();
        numbered(run.path().resolve("imgs"), EPOCH_GRID)
                .forEach(each -> grids.add(new Grid("epoch " + (each.number() + 1), each.file())));
        numbered(run.path().resolve("samples"), GRID)
                .forEach(each -> grids.add(new Grid("step " + each.number(), each.file())));
        return List.copyOf(grids);
    }

    private static List<Numbered> numbered(Path folder, Pattern pattern) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        List<Numbered> found = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            files.forEach(file -> {
                Matcher name = pattern.matcher(String.valueOf(file.getFileName()));
                if (name.matches()) {
                    found.add(new Numbered(Long.parseLong(name.group(1)), file));
                }
            });
        } catch (IOException e) {
            return List.of(); // is being deleted
        }
        found.sort(Comparator.comparingLong(Numbered::number));
        return found;
    }

    private static Instant changed(RunFolder run, @Nullable RunWorker worker) {
        Instant last = worker == null ? Instant.EPOCH : worker.started();
        for (Path file : List.of(run.metrics(), run.recipe(), run.path().resolve("chain.yaml"))) {
            try {
                Instant written = Files.getLastModifiedTime(file).toInstant();
                last = written.isAfter(last) ? written : last;
            } catch (IOException e) {
                continue; // is not there
            }
        }
        return last;
    }
}
