// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.train;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Yaml;
import dev.diffusion4j.recipe.RunFolder;
import dev.diffusion4j.recipe.watch.RunState;
import dev.diffusion4j.studio.base.Folders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Runs as a page reads them. */
final class RunWords {
    private final Folders folders;

    RunWords(Folders folders) {
        this.folders = folders;
    }

    /** All that a page shows of a run. */
    Map<String, @Nullable Object> of(RunState run) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("place", place(run.folder()));
        map.put("name", String.valueOf(run.folder().getFileName()));
        map.put("recipe", run.recipe());
        map.put("state", run.phase().key());
        map.put("reason", run.reason());
        RunState.Progress progress = run.progress();
        map.put("step", progress.step());
        map.put("total", progress.totalSteps());
        map.put("loss", number(progress.loss()));
        map.put("mean", number(progress.meanOfLast()));
        map.put("rate", number(progress.imagesPerSecond()));
        map.put("left", number(progress.secondsLeft()));
        map.put("checkpoints", run.checkpoints());
        map.put("samples", samples(run));
        Path learnt = run.learnt();
        boolean isOwn = learnt != null && learnt.equals(new RunFolder(run.folder()).model());
        map.put("learnt", learnt == null ? null : place(isOwn ? run.folder() : learnt)); // as models are called
        map.put("is_lora", run.isLora());
        map.put("base", run.isLora() ? base(run) : null);
        map.put("changed", run.changed().toString());
        map.put("stages", stages(run));
        map.put("curve", place(curveOf(run).folder()));
        return map;
    }

    /** The model that a LoRA is for, where it is in the open folders. */
    private @Nullable String base(RunState run) {
        try {
            Object model = Yaml.readObject(new RunFolder(run.folder()).recipe()).get("model");
            return model instanceof Map<?, ?> keys && keys.get("from") instanceof String from
                    ? place(Path.of(from))
                    : null;
        } catch (Problem | InvalidPathException e) {
            return null;
        }
    }

    /** The run whose losses are drawn: of a chain the one that goes on, or went on last. */
    static RunState curveOf(RunState run) {
        return run.stages().values().stream()
                .filter(stage -> stage.phase() != RunState.Phase.FINISHED)
                .findFirst()
                .or(() -> run.stages().values().stream().reduce((before, after) -> after))
                .orElse(run);
    }

    private List<Map<String, @Nullable Object>> stages(RunState run) {
        List<Map<String, @Nullable Object>> all = new ArrayList<>();
        run.stages().forEach((name, stage) -> {
            Map<String, @Nullable Object> map = of(stage);
            map.put("name", name);
            all.add(map);
        });
        return all;
    }

    private List<Map<String, @Nullable Object>> samples(RunState run) {
        List<Map<String, @Nullable Object>> all = new ArrayList<>();
        for (RunState.Grid grid : run.samples()) {
            Map<String, @Nullable Object> map = new LinkedHashMap<>();
            map.put("name", grid.name());
            map.put("place", place(grid.file()));
            map.put("version", version(grid.file()));
            all.add(map);
        }
        return all;
    }

    private static long version(Path file) {
        try {
            return Files.getLastModifiedTime(file).toMillis();
        } catch (IOException e) {
            return 0;
        }
    }

    private @Nullable String place(Path path) {
        return folders.place(path).orElse(null);
    }

    static @Nullable Double number(double value) {
        return Double.isFinite(value) ? value : null;
    }
}
