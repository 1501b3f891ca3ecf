// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.data;

import dev.diffusion4j.data.DataSources;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.SourceOptions;
import dev.diffusion4j.data.decode.PictureEndings;
import dev.diffusion4j.serve.Refusal;
import dev.diffusion4j.studio.base.Folders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The data sets that can be looked at: those that the library makes, and the pictures in the folders that are open. The last few stay open. */
final class DataSets {
    /** Made by the library; nothing is fetched for them. */
    private static final List<String> MADE = List.of("digits", "shapes", "scenes", "zog");

    private static final String FOLDER = "folder:";
    private static final String PARQUET = "parquet:";
    private static final int DEPTH = 4;
    private static final int MOST_FOLDERS = 3000;
    private static final int MOST_OPEN = 4;
    private static final long FRESH_NANOS = 20_000_000_000L;

    private final Folders folders;
    private final Map<String, Open> open = new LinkedHashMap<>(8, 0.75f, true);

    private record Open(Dataset dataset, long since) {}

    private record Level(Path folder, int depth) {}

    DataSets(Folders folders) {
        this.folders = folders;
    }

    /** As a page calls them: {@code digits}, {@code folder:PLACE}, {@code parquet:PLACE}. */
    List<Map<String, Object>> all() {
        List<Map<String, Object>> all = new ArrayList<>();
        MADE.forEach(name -> all.add(Map.of("source", name, "name", name, "is_made", true)));
        Deque<Level> levels = new ArrayDeque<>();
        folders.all().values().forEach(root -> levels.add(new Level(root, 0)));
        int count = 0;
        while (!levels.isEmpty() && count++ < MOST_FOLDERS) {
            look(levels.poll(), levels, all);
        }
        return all;
    }

    private void look(Level level, Deque<Level> levels, List<Map<String, Object>> all) {
        List<Path> files = list(level.folder());
        boolean isRun = files.stream()
                .anyMatch(file -> file.endsWith("recipe.yaml")
                        || file.endsWith("chain.yaml")
                        || file.endsWith("model_index.json"));
        if (isRun) {
            return;
        }
        boolean hasPictures = files.stream().anyMatch(DataSets::isPicture);
        List<Path> inner = files.stream()
                .filter(file -> Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS))
                .toList();
        boolean hasClasses = !hasPictures
                && inner.size() > 1
                && inner.stream().limit(20).allMatch(folder -> list(folder).stream()
                        .anyMatch(DataSets::isPicture));
        boolean hasTable = files.stream()
                .anyMatch(file -> String.valueOf(file.getFileName()).endsWith(".parquet"));
        if (hasPictures || hasClasses || hasTable) {
            folders.place(level.folder())
                    .ifPresent(place -> all.add(
                            Map.of("source", (hasTable ? PARQUET : FOLDER) + place, "name", place, "is_made", false)));
        }
        boolean isWhole =
                hasPictures || hasTable || hasClasses && level.depth() > 0; // one that was opened may hold several sets
        if (!isWhole && level.depth() < DEPTH) {
            inner.forEach(folder -> levels.add(new Level(folder, level.depth() + 1)));
        }
    }

    private static boolean isPicture(Path file) {
        return PictureEndings.isRead(String.valueOf(file.getFileName()));
    }

    private static List<Path> list(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> !String.valueOf(file.getFileName()).startsWith("."))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            return List.of(); // may not be read
        }
    }

    /** The folder of a data set whose files can be changed; empty for others. */
    Optional<Path> folder(String source) {
        return source.startsWith(FOLDER)
                ? Optional.of(folders.resolve(source.substring(FOLDER.length())))
                : Optional.empty();
    }

    /** How the library calls it; its path is inside the folders that are open. */
    private String spec(String source) {
        if (MADE.contains(source)) {
            return source;
        }
        for (String kind : List.of(FOLDER, PARQUET)) {
            if (source.startsWith(kind)) {
                String all = kind.equals(FOLDER) ? ":all" : "";
                return kind + folders.resolve(source.substring(kind.length())) + all;
            }
        }
        throw Refusal.missing("there is no such data set in the folders that are open");
    }

    /** What is done with a data set that is open. */
    @FunctionalInterface
    interface Use<T> {
        T with(Dataset dataset);
    }

    /** One use at a time, so that none is closed while it is used. */
    synchronized <T> T use(String source, Use<T> use) {
        Open known = open.get(source);
        if (known == null || System.nanoTime() - known.since() > FRESH_NANOS) {
            forget(source);
            known = new Open(fresh(source), System.nanoTime());
            open.put(source, known);
            Iterator<Open> oldest = open.values().iterator();
            while (open.size() > MOST_OPEN) {
                oldest.next().dataset().close();
                oldest.remove();
            }
        }
        return use.with(known.dataset());
    }

    /** A data set for whoever closes it. */
    Dataset fresh(String source) {
        return DataSources.open(spec(source), SourceOptions.defaults());
    }

    /** Its files have changed. */
    synchronized void forget(String source) {
        Open known = open.remove(source);
        if (known != null) {
            known.dataset().close();
        }
    }

    synchronized void close() {
        open.values().forEach(each -> each.dataset().close());
        open.clear();
    }
}
