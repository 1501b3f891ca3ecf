// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.source;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Nearest;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.decode.PictureEndings;
import dev.diffusion4j.data.file.Csv;
import dev.diffusion4j.json.Json;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What pictures show, from {@code metadata.jsonl} or {@code metadata.csv} as Hugging Face's image folders have them: an object a line,
 * or a line of titles and a row a picture, with the {@code file_name} relative to the file ({@code ./a.png} is {@code a.png}), and a {@code text}, {@code caption} or
 * {@code prompt}, or another column that is named. One at the top, or one in each folder.
 */
final class Captions {
    private static final Logger LOG = LoggerFactory.getLogger(Captions.class);
    private static final List<String> FILES = List.of("metadata.jsonl", "metadata.csv");
    static final List<String> KEYS = List.of("text", "caption", "prompt");
    static final String NAME = "file_name";

    private final Set<String> pictures;
    private final List<String> keys;
    private final Map<String, String> captions = new HashMap<>();

    private Captions(List<String> names, @Nullable String column) {
        pictures = new HashSet<>(names);
        keys = column == null ? KEYS : List.of(column);
    }

    /** The files that may describe these pictures, those that are there: in their folders, and in all above. */
    public static List<String> files(Path root, List<String> names) {
        Set<String> folders = new TreeSet<>(Set.of(""));
        for (String name : names) {
            for (int slash = name.indexOf('/'); slash >= 0; slash = name.indexOf('/', slash + 1)) {
                folders.add(name.substring(0, slash + 1));
            }
        }
        return folders.stream()
                .flatMap(folder -> FILES.stream().map(file -> folder + file))
                .filter(file -> Files.exists(root.resolve(file)))
                .toList();
    }

    /**
     * Reads the files.
     *
     * @param files relative to {@code root}
     * @param names of all pictures, relative to {@code root}
     * @param column with the captions, or {@code null} for one of the known names
     * @return the caption of each picture that has one
     * @throws Problem (a failure) naming the file and the line that is not sound; (a wrong request) where no line has the column
     */
    public static Map<String, String> read(Path root, List<String> files, List<String> names, @Nullable String column) {
        Captions captions = new Captions(names, column);
        Set<String> there = new TreeSet<>();
        for (String file : files) {
            captions.read(root.resolve(file), file.substring(0, file.lastIndexOf('/') + 1), there);
        }
        if (column != null && !there.contains(column)) {
            throw Problem.request("{captionColumn}: "
                    + (files.isEmpty()
                            ? "there is no metadata.csv or metadata.jsonl beside the pictures"
                            : String.join(", ", files) + " has no column " + column + Nearest.hint(column, there)
                                    + "; its columns: " + String.join(", ", there)));
        }
        return captions.captions;
    }

    private void read(Path file, String folder, Set<String> columns) {
        String text = text(file);
        List<String> missing = new ArrayList<>();
        BiConsumer<String, Map<String, @Nullable Object>> take = (where, line) -> {
            columns.addAll(line.keySet());
            if (!(line.get(NAME) instanceof String name)) {
                throw Problem.failure(where + ": there is no " + NAME);
            }
            String full = full(folder, name);
            String caption = caption(line, where);
            if (!pictures.contains(full)) {
                missing.add(full);
            } else if (caption != null) {
                captions.put(full, caption);
            }
        };
        if (file.toString().endsWith(".csv")) {
            Csv.forEachRow(text, file.toString(), (where, row) -> take.accept(where, new HashMap<>(row)));
        } else {
            forEachLine(text, file, take);
        }
        if (!missing.isEmpty()) {
            LOG.warn("{} names {} files that are not there; the first is {}", file, missing.size(), missing.get(0));
        }
    }

    /** A picture's name from the data set's top on, where {@code folder} is that of the file which names it. */
    static String full(String folder, String name) {
        return normalized(folder + name.replace('\\', '/'));
    }

    /** The text file beside a picture that other programs write its caption into. */
    static String beside(String picture) {
        int slash = picture.lastIndexOf('/');
        int dot = picture.lastIndexOf('.');
        return (dot > slash ? picture.substring(0, dot) : picture) + ".txt";
    }

    /** Whether a folder has captions in text files. */
    static boolean hasTexts(Path root, String folder) {
        try (Stream<Path> files = Files.list(root.resolve(folder))) {
            Set<String> names =
                    files.map(file -> String.valueOf(file.getFileName())).collect(Collectors.toSet());
            return names.stream().anyMatch(name -> PictureEndings.isRead(name) && names.contains(beside(name)));
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Reads the text files beside the pictures.
     *
     * @param texts those that are there, relative to {@code root}
     * @return the caption of each picture that has one
     */
    static Map<String, String> readTexts(Path root, Set<String> texts, List<String> names) {
        Map<String, String> captions = new HashMap<>();
        for (String name : names) {
            String text = beside(name);
            if (texts.contains(text)) {
                captions.put(name, text(root.resolve(text)).strip().replaceAll("\\s+", " "));
            }
        }
        return captions;
    }

    private static String text(Path file) {
        try {
            return withoutMark(Files.readString(file));
        } catch (CharacterCodingException e) {
            throw Problem.failure(file + " is not UTF-8 text: save it as UTF-8", e);
        } catch (IOException e) {
            throw Problem.failure("cannot read " + file + ": " + AtomicFile.reason(e), e);
        }
    }

    /** Without the byte order mark that some editors of Windows write. */
    static String withoutMark(String text) {
        return text.startsWith("\ufeff") ? text.substring(1) : text;
    }

    /** As Python's {@code os.path.normpath}: without {@code .}, empty parts, and {@code ..} with the folder before it. */
    private static String normalized(String path) {
        Deque<String> parts = new ArrayDeque<>();
        for (String part : path.split("/")) {
            boolean isUp =
                    part.equals("..") && !parts.isEmpty() && !parts.getLast().equals("..");
            if (isUp) {
                parts.removeLast();
            } else if (!part.isEmpty() && !part.equals(".")) {
                parts.addLast(part);
            }
        }
        return (path.startsWith("/") ? "/" : "") + String.join("/", parts);
    }

    private static void forEachLine(String text, Path file, BiConsumer<String, Map<String, @Nullable Object>> take) {
        List<String> lines = text.lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            if (!lines.get(i).isBlank()) {
                String where = file + ", line " + (i + 1);
                take.accept(where, Json.parseObject(lines.get(i), where));
            }
        }
    }

    private @Nullable String caption(Map<String, @Nullable Object> line, String where) {
        for (String key : keys) {
            Object value = line.get(key);
            if (value instanceof String text) {
                return text;
            }
            if (value != null) {
                throw Problem.failure(where + ": " + key + " must be a text, but is " + Json.describe(value));
            }
        }
        return null;
    }
}
