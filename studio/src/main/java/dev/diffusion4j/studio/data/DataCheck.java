// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.data;

import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.inspect.DataStats;
import dev.diffusion4j.data.inspect.Duplicates;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/** Reads whole data sets, one at a time, in the background: what is broken, what is there twice, how large and how bright the pictures are. */
final class DataCheck {
    private static final String STATE = "state";
    /** Of a group of duplicates. */
    private static final int MOST_SHOWN = 24;

    private final DataSets sets;
    private final Map<String, Map<String, @Nullable Object>> results = new ConcurrentHashMap<>();
    private final ExecutorService thread = Executors.newSingleThreadExecutor(task -> {
        Thread made = new Thread(task, "studio-data");
        made.setDaemon(true);
        return made;
    });

    DataCheck(DataSets sets) {
        this.sets = sets;
    }

    /** How far it is; begins where nobody has asked yet. */
    Map<String, @Nullable Object> of(String source, boolean isAnew) {
        if (isAnew) {
            Map<String, @Nullable Object> before = results.get(source);
            if (before == null || !"running".equals(before.get(STATE))) {
                results.put(source, Map.of(STATE, "running"));
                thread.execute(() -> results.put(source, checked(source)));
            }
        }
        return results.getOrDefault(source, Map.of(STATE, "none"));
    }

    private Map<String, @Nullable Object> checked(String source) {
        try (Dataset dataset = sets.fresh(source)) {
            DataStats stats =
                    DataStats.of(dataset, Math.max(1, Runtime.getRuntime().availableProcessors() / 2));
            return described(stats, Duplicates.of(dataset), dataset);
        } catch (RuntimeException | LinkageError e) { // whatever it is, whoever waits is to know
            Map<String, @Nullable Object> failed = new LinkedHashMap<>();
            failed.put(STATE, "failed");
            failed.put("reason", String.valueOf(e.getMessage()));
            return failed;
        }
    }

    private static Map<String, @Nullable Object> described(
            DataStats stats, List<Duplicates.Group> groups, Dataset dataset) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put(STATE, "done");
        map.put("width", List.of(stats.minWidth(), stats.maxWidth()));
        map.put("height", List.of(stats.minHeight(), stats.maxHeight()));
        map.put("channels", stats.channels());
        map.put("mean", stats.mean());
        map.put("std", stats.std());
        map.put("broken", stats.broken());
        List<Object> all = new ArrayList<>();
        for (Duplicates.Group group : groups) {
            List<Object> pictures = new ArrayList<>();
            group.indices().stream()
                    .limit(MOST_SHOWN)
                    .forEach(index -> pictures.add(Map.of("index", index, "name", dataset.name(index))));
            all.add(Map.of("is_exact", group.isExact(), "count", group.indices().size(), "pictures", pictures));
        }
        map.put("duplicates", all);
        return map;
    }

    /** Its files have changed. */
    void forget(String source) {
        results.remove(source);
    }

    void close() {
        thread.shutdownNow();
    }
}
