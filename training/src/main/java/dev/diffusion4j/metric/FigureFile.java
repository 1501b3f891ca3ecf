// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.metric;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.base.Worded;
import dev.diffusion4j.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Figures in a file, one JSON object a line, the newest last. */
public final class FigureFile {
    private FigureFile() {}

    /**
     * All figures; none where there is no file.
     *
     * @throws Problem (a failure) where a line is no figure
     */
    public static List<Figure> read(Path file) {
        List<Figure> figures = new ArrayList<>();
        int number = 0;
        for (String line : lines(file)) {
            number++;
            if (!line.isBlank()) {
                String where = file + " line " + number;
                figures.add(figure(line, where));
            }
        }
        return figures;
    }

    private static Figure figure(String line, String where) {
        try {
            return Figure.of(Json.parseObject(line, where), where);
        } catch (IllegalArgumentException e) {
            throw Problem.failure(where + " is no figure of diffuse eval: " + Worded.marked(e), e);
        }
    }

    /** Adds figures at the end; the file is replaced whole. */
    public static void append(Path file, List<Figure> figures) {
        append(file, figures.stream().map(figure -> Json.compact(figure.toMap())));
    }

    /** Adds a line to a file of JSON objects, which is replaced whole. */
    public static void appendLine(Path file, String line) {
        append(file, Stream.of(line));
    }

    private static void append(Path file, Stream<String> more) {
        AtomicFile.write(
                file,
                String.join("\n", Stream.concat(lines(file).stream(), more).toList()) + "\n");
    }

    private static List<String> lines(Path file) {
        try {
            return Files.exists(file) ? Files.readAllLines(file) : List.of();
        } catch (IOException e) {
            throw Problem.failure("cannot read " + file + ": " + AtomicFile.reason(e), e);
        }
    }
}
