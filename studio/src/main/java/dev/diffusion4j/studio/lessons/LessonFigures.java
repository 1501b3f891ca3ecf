// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.lessons;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What a run measured on held-back pictures, from its {@code metrics.jsonl}. */
final class LessonFigures {
    private static final String MEASURED = "\"val_";

    private LessonFigures() {}

    /** Numbers by name, in order; nothing where there is no such file. */
    static List<Map<String, Double>> read(Path metrics) {
        List<Map<String, Double>> figures = new ArrayList<>();
        if (!Files.isRegularFile(metrics)) {
            return figures;
        }
        try (Stream<String> lines = Files.lines(metrics)) {
            lines.filter(line -> line.contains(MEASURED)).forEach(line -> {
                Map<String, Double> numbers = new LinkedHashMap<>();
                Json.parseObject(line, metrics.toString()).forEach((name, value) -> {
                    if (value instanceof Number number) {
                        numbers.put(name, number.doubleValue());
                    }
                });
                figures.add(numbers);
            });
        } catch (IOException | java.io.UncheckedIOException e) {
            throw Problem.failure("cannot read " + metrics, e);
        }
        return figures;
    }
}
