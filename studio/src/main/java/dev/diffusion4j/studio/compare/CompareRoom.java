// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.compare;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.folder.ComponentMap;
import dev.diffusion4j.folder.PipelinePlace;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.studio.base.Calls;
import dev.diffusion4j.studio.base.Folders;
import dev.diffusion4j.studio.base.Room;
import dev.diffusion4j.studio.base.StudioContext;
import io.javalin.config.RoutesConfig;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The tables of quality and seconds that comparisons left in the folders, and new ones. */
public final class CompareRoom implements Room {
    private static final String FILE = "compare.json";
    private static final int DEEPEST = 6;

    private final Folders folders;
    private final Measurements measurements;

    /** Of what is open. */
    public CompareRoom(StudioContext context) {
        this.folders = context.folders();
        this.measurements = new Measurements(context);
    }

    @Override
    public String name() {
        return "compare";
    }

    @Override
    public void add(RoutesConfig routes) {
        routes.get(API + "compare/tables", Calls.json(ctx -> found()));
        routes.get(API + "compare/measuring", Calls.json(ctx -> Map.of("measuring", measurements.all())));
        routes.post(API + "compare/measure", Calls.json(ctx -> measurements.begin(Calls.body(ctx))));
        routes.post(API + "compare/end", Calls.json(ctx -> measurements.end(Calls.body(ctx))));
    }

    @Override
    public void close() {
        measurements.close();
    }

    /** The tables, and the classifiers that can judge. */
    private Map<String, Object> found() {
        Map<String, Map<String, @Nullable Object>> tables = new LinkedHashMap<>(); // folders may lie in each other
        Set<String> judges = new TreeSet<>();
        for (Path root : folders.all().values()) {
            files(root).filter(folders::holds).forEach(file -> {
                if (file.endsWith(FILE)) {
                    addTable(file, tables);
                } else {
                    addJudge(file, judges);
                }
            });
        }
        return Map.of("tables", List.copyOf(tables.values()), "judges", List.copyOf(judges));
    }

    /** Of tables and models, as far as the folder can be read. */
    private static Stream<Path> files(Path root) {
        List<Path> files = new ArrayList<>();
        try {
            Files.walkFileTree(root, Set.of(), DEEPEST, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    if (file.endsWith(FILE) || file.endsWith(ComponentMap.FILE)) {
                        files.add(file);
                    }
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException e) {
                    return FileVisitResult.CONTINUE; // somebody else's
                }
            });
        } catch (IOException e) {
            return files.stream();
        }
        return files.stream();
    }

    private void addTable(Path file, Map<String, Map<String, @Nullable Object>> tables) {
        try {
            Object rows = Json.readObject(file).get("rows");
            if (rows instanceof List<?>) {
                Map<String, @Nullable Object> table = new LinkedHashMap<>();
                String place = folders.place(file).orElseThrow();
                table.put("place", place);
                table.put("rows", rows);
                tables.put(place, table);
            }
        } catch (Problem e) {
            return; // another file of this name
        }
    }

    private void addJudge(Path file, Set<String> judges) {
        try {
            if (Measurements.isJudge(file)) {
                Path folder = java.util.Objects.requireNonNull(file.getParent());
                folders.place(PipelinePlace.runOf(folder)).ifPresent(judges::add);
            }
        } catch (Problem e) {
            return; // broken
        }
    }
}
