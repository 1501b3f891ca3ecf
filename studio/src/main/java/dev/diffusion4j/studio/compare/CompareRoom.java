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
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

    /** The tables, and the classifiers that can judge. */
    private Map<String, Object> found() {
        List<Map<String, @Nullable Object>> tables = new ArrayList<>();
        List<String> judges = new ArrayList<>();
        for (Path root : folders.all().values()) {
            try (Stream<Path> files = Files.walk(root, DEEPEST)) {
                files.forEach(file -> {
                    if (file.endsWith(FILE) && folders.holds(file)) {
                        addTable(file, tables);
                    } else if (file.endsWith(ComponentMap.FILE) && folders.holds(file)) {
                        addJudge(file, judges);
                    }
                });
            } catch (IOException | UncheckedIOException e) {
                continue; // as far as it can be read
            }
        }
        return Map.of(
                "tables", tables, "judges", judges.stream().distinct().sorted().toList());
    }

    private void addTable(Path file, List<Map<String, @Nullable Object>> tables) {
        try {
            Object rows = Json.readObject(file).get("rows");
            if (rows instanceof List<?>) {
                Map<String, @Nullable Object> table = new LinkedHashMap<>();
                table.put("place", folders.place(file).orElseThrow());
                table.put("rows", rows);
                tables.add(table);
            }
        } catch (Problem e) {
            return; // another file of this name
        }
    }

    private void addJudge(Path file, List<String> judges) {
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
