// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.lessons;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.tracking.LossCurve;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What a run that is not at work has left: its losses, what was measured on held-back pictures, its samples. */
final class LessonFigures {
    private static final String MEASURED = "\"val_";
    private static final Pattern SAMPLES = Pattern.compile("step-(\\d+)\\.png");
    /** Of runs that name them as a Keras lesson does, from 0. */
    private static final Pattern EPOCHS = Pattern.compile("(\\d+)epochs\\.png");

    private static final int MOST_POINTS = 400;

    private final Path run;

    /** @param run its folder, which need not be there */
    LessonFigures(Path run) {
        this.run = run;
    }

    private Path metrics() {
        return run.resolve("metrics.jsonl");
    }

    /** Step, loss and running mean of some steps, evenly. */
    List<List<Double>> losses() {
        List<List<Double>> points = new ArrayList<>();
        if (!Files.isRegularFile(metrics())) {
            return points;
        }
        LossCurve raw = LossCurve.read(metrics(), "loss");
        LossCurve mean = raw.smooth();
        int stride = Math.max(1, raw.size() / MOST_POINTS);
        for (int i = 0; i < Math.min(raw.size(), mean.size()); i += stride) {
            points.add(List.of(raw.steps()[i], raw.values()[i], mean.values()[i]));
        }
        return points;
    }

    /** Numbers by name, in order. */
    List<Map<String, Double>> measured() {
        List<Map<String, Double>> figures = new ArrayList<>();
        if (!Files.isRegularFile(metrics())) {
            return figures;
        }
        try {
            for (String line : Files.readAllLines(metrics())) {
                if (line.contains(MEASURED)) {
                    figures.add(numbers(line));
                }
            }
        } catch (IOException e) {
            throw Problem.failure("cannot read " + metrics() + ": " + AtomicFile.reason(e), e);
        }
        return figures;
    }

    private Map<String, Double> numbers(String line) {
        Map<String, Double> numbers = new LinkedHashMap<>();
        Json.parseObject(line, metrics().toString()).forEach((name, value) -> {
            if (value instanceof Number number) {
                numbers.put(name, number.doubleValue());
            }
        });
        return numbers;
    }

    /**
     * After how many steps, or epochs, and where.
     *
     * @param places how a page calls a file
     */
    List<Map<String, Object>> samples(Function<Path, String> places) {
        TreeMap<Long, Path> found = new TreeMap<>();
        String unit = add(found, run.resolve("samples"), SAMPLES) ? "steps" : "epochs";
        if (unit.equals("epochs")) {
            add(found, run.resolve("imgs"), EPOCHS);
        }
        List<Map<String, Object>> samples = new ArrayList<>();
        found.forEach((at, file) -> samples.add(Map.of("step", at, "unit", unit, "place", places.apply(file))));
        return samples;
    }

    /** Whether there are any. */
    private static boolean add(TreeMap<Long, Path> found, Path folder, Pattern names) {
        if (!Files.isDirectory(folder)) {
            return false;
        }
        try (Stream<Path> files = Files.list(folder)) {
            files.forEach(file -> {
                Matcher number = names.matcher(String.valueOf(file.getFileName()));
                if (number.matches()) {
                    found.put(Long.valueOf(number.group(1)), file);
                }
            });
        } catch (IOException e) {
            throw Problem.failure("cannot look into " + folder + ": " + AtomicFile.reason(e), e);
        }
        return !found.isEmpty();
    }
}
