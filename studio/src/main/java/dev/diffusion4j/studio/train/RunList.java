// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.train;

import dev.diffusion4j.recipe.watch.RunState;
import dev.diffusion4j.studio.base.Folders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The runs in the folders that are open, with what each is at. What did not change since the last look is not read again. Thread-safe. */
final class RunList {
    private static final int DEPTH = 4;
    private static final int MOST_FOLDERS = 5000;
    private static final long SEARCH_NANOS = 3_000_000_000L;

    private final Folders folders;
    private final Map<Path, Known> known = new HashMap<>();
    private List<Path> places = List.of();
    private long searchedAt;
    private boolean isSearched;

    /** @param mark of the files that it was read from */
    private record Known(String mark, RunState state) {}

    private record Level(Path folder, int depth) {}

    RunList(Folders folders) {
        this.folders = folders;
    }

    /** All, those first in which something happened last. */
    synchronized List<RunState> all() {
        if (!isSearched || System.nanoTime() - searchedAt > SEARCH_NANOS) {
            search();
        }
        List<RunState> states = new ArrayList<>();
        for (Path place : places) {
            state(place).ifPresent(states::add);
        }
        states.sort(Comparator.comparing(RunState::changed).reversed());
        return states;
    }

    /** Looks for new runs with the next call. */
    synchronized void forget() {
        isSearched = false;
    }

    private java.util.Optional<RunState> state(Path place) {
        String mark = mark(place);
        Known before = known.get(place);
        boolean isAlive = before != null && before.state().phase() == RunState.Phase.RUNNING;
        if (before != null && !isAlive && before.mark().equals(mark)) {
            return java.util.Optional.of(before.state());
        }
        java.util.Optional<RunState> now = RunState.read(place);
        now.ifPresent(state -> known.put(place, new Known(mark, state)));
        return now;
    }

    /** Of all that changes while a run goes on, or when it is begun or ended. */
    private static String mark(Path place) {
        StringBuilder mark = new StringBuilder();
        for (String name : List.of(
                ".lock", "recipe.yaml", "metrics.jsonl", "checkpoints", "samples", "imgs", "models", "model", "lora")) {
            try {
                BasicFileAttributes file = Files.readAttributes(place.resolve(name), BasicFileAttributes.class);
                mark.append(file.lastModifiedTime().toMillis()).append('/').append(file.size());
            } catch (IOException e) {
                mark.append('-');
            }
            mark.append(' ');
        }
        return mark.toString();
    }

    private void search() {
        List<Path> found = new ArrayList<>();
        Deque<Level> open = new ArrayDeque<>();
        folders.all().values().forEach(root -> open.add(new Level(root, 0)));
        int count = 0;
        while (!open.isEmpty() && count++ < MOST_FOLDERS) {
            Level level = open.poll();
            if (Files.exists(level.folder().resolve("recipe.yaml"))
                    || Files.exists(level.folder().resolve("chain.yaml"))) {
                found.add(level.folder());
            } else if (level.depth() < DEPTH) {
                inner(level.folder()).forEach(folder -> open.add(new Level(folder, level.depth() + 1)));
            }
        }
        places = found.stream().distinct().toList();
        known.keySet().retainAll(places);
        searchedAt = System.nanoTime();
        isSearched = true;
    }

    private static List<Path> inner(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> !String.valueOf(file.getFileName()).startsWith("."))
                    .filter(file -> Files.isDirectory(file, java.nio.file.LinkOption.NOFOLLOW_LINKS))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            return List.of(); // may not be read
        }
    }
}
