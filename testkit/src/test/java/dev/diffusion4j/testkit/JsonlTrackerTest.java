// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.testkit;

import dev.diffusion4j.tracking.JsonlTracker;
import dev.diffusion4j.tracking.Tracker;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

class JsonlTrackerTest extends TrackerContract {
    @Override
    protected Tracker open(Path folder, long lastStep) {
        return new JsonlTracker(folder.resolve("metrics.jsonl"), lastStep);
    }

    @Override
    protected Map<Long, Double> read(Path folder, String name) {
        Map<Long, Double> values = new LinkedHashMap<>();
        JsonlTracker.read(folder.resolve("metrics.jsonl")).forEach(line -> {
            if (line.get("step") instanceof Long step && line.get(name) instanceof Number value) {
                values.put(step, value.doubleValue());
            }
        });
        return values;
    }
}
