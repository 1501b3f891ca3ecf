// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.source;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.file.Csv;
import dev.diffusion4j.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Writes what a picture in a folder shows, where the folder says it: into the line of {@code metadata.jsonl} or the row of {@code metadata.csv} that
 * describes it, or into the text file beside it. A folder that says nothing yet gets a {@code metadata.jsonl}. Files are replaced as a whole.
 */
public final class CaptionEdit {
    private static final String LINES = "metadata.jsonl";

    private CaptionEdit() {}

    /**
     * Writes a caption; one edit at a time.
     *
     * @param root of the data set
     * @param name of the picture, relative to it, with forward slashes
     * @return the file that was written
     * @throws Problem (a failure) where a file is not sound, or cannot be written
     */
    public static synchronized Path write(Path root, String name, String caption) {
        List<String> files = Captions.files(root, List.of(name));
        for (int i = files.size() - 1; i >= 0; i--) { // the last to name a picture counts
            Path file = root.resolve(files.get(i));
            String folder = folder(files.get(i));
            if (file.toString().endsWith(".csv")
                    ? inRows(file, folder, name, caption, false)
                    : inLines(file, folder, name, caption)) {
                return file;
            }
        }
        if (files.isEmpty()) {
            Path beside = root.resolve(Captions.beside(name));
            if (Files.exists(beside) || Captions.hasTexts(root, folder(name))) {
                AtomicFile.write(beside, caption + "\n");
                return beside;
            }
        }
        String last = files.isEmpty() ? LINES : files.get(files.size() - 1);
        Path file = root.resolve(last);
        String inside = name.substring(folder(last).length());
        if (last.endsWith(".csv")) {
            inRows(file, folder(last), name, caption, true);
        } else {
            append(file, inside, caption);
        }
        return file;
    }

    private static String folder(String file) {
        return file.substring(0, file.lastIndexOf('/') + 1);
    }

    private static void append(Path file, String name, String caption) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put(Captions.NAME, name);
        line.put(Captions.KEYS.get(0), caption);
        String before = Files.exists(file) ? read(file) : "";
        String end = before.isEmpty() || before.endsWith("\n") ? "" : "\n";
        AtomicFile.write(file, before + end + Json.compact(line) + "\n");
    }

    private static boolean inLines(Path file, String folder, String name, String caption) {
        List<String> lines = new ArrayList<>(read(file).lines().toList());
        boolean isFound = false;
        for (int i = lines.size() - 1; i >= 0 && !isFound; i--) {
            if (lines.get(i).isBlank()) {
                continue;
            }
            String text = Captions.withoutMark(lines.get(i));
            Map<String, @Nullable Object> line =
                    new LinkedHashMap<>(Json.parseObject(text, file + ", line " + (i + 1)));
            if (line.get(Captions.NAME) instanceof String there
                    && Captions.full(folder, there).equals(name)) {
                line.put(key(line.keySet()), caption);
                lines.set(i, Json.compact(line));
                isFound = true;
            }
        }
        if (isFound) {
            AtomicFile.write(file, String.join("\n", lines) + "\n");
        }
        return isFound;
    }

    /** @param isAdded whether a picture that has no row gets one */
    private static boolean inRows(Path file, String folder, String name, String caption, boolean isAdded) {
        String text = Captions.withoutMark(read(file));
        Set<String> titles = new LinkedHashSet<>(Csv.titles(text, file.toString()));
        List<Map<String, String>> rows = new ArrayList<>();
        boolean[] isFound = {false};
        Csv.forEachRow(text, file.toString(), (where, row) -> {
            Map<String, String> own = new LinkedHashMap<>(row);
            String there = own.get(Captions.NAME);
            if (there != null && Captions.full(folder, there).equals(name)) {
                own.put(key(titles), caption);
                isFound[0] = true;
            }
            rows.add(own);
        });
        if (!isFound[0] && isAdded) {
            rows.add(Map.of(Captions.NAME, name.substring(folder.length()), key(titles), caption));
        }
        titles.add(key(titles));
        if (isFound[0] || isAdded) {
            AtomicFile.write(file, rows(titles, rows));
        }
        return isFound[0];
    }

    private static String rows(Set<String> titles, List<Map<String, String>> rows) {
        StringBuilder text = new StringBuilder(line(List.copyOf(titles)));
        rows.forEach(row -> text.append(
                line(titles.stream().map(title -> row.getOrDefault(title, "")).toList())));
        return text.toString();
    }

    private static String line(List<String> values) {
        return values.stream()
                        .map(value ->
                                value.matches("(?s).*[\",\\r\\n].*") ? '"' + value.replace("\"", "\"\"") + '"' : value)
                        .collect(Collectors.joining(","))
                + "\n";
    }

    /** Under which the captions stand, among the keys of a line. */
    private static String key(Set<String> keys) {
        return Captions.KEYS.stream().filter(keys::contains).findFirst().orElse(Captions.KEYS.get(0));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw Problem.failure("cannot read " + file + ": " + AtomicFile.reason(e), e);
        }
    }
}
