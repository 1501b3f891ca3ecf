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
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What a run that is not at work has left: its losses, what was measured on held-back pictures, its samples. */
final class LessonFigures {
    private static final String MEASURED = "\"val_";
    private static final Pattern SAMPLES = Pattern.compile("step-(\\d+)\\.png");
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

    /** @param places how a page calls a file */
    List<Map<String, Object>> samples(Function<Path, String> places) {
        List<Map<String, Object>> samples = new ArrayList<>();
        Path folder = run.resolve("samples");
        if (!Files.isDirectory(folder)) {
            return samples;
        }
        try (Stream<Path> files = Files.list(folder)) {
            files.sorted().forEach(file -> {
                Matcher step = SAMPLES.matcher(String.valueOf(file.getFileName()));
                if (step.matches()) {
                    samples.add(Map.of("step", Long.valueOf(step.group(1)), "place", places.apply(file)));
                }
            });
        } catch (IOException e) {
            throw Problem.failure("cannot look into " + folder + ": " + AtomicFile.reason(e), e);
        }
        return samples;
    }
}
