// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.train;

import dev.diffusion4j.recipe.RunFolder;
import dev.diffusion4j.serve.LiveAnswers.Event;
import dev.diffusion4j.serve.LiveAnswers.Source;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** What a page of trainings receives: {@code runs}, all of them, when one has changed, and {@code curve}, new losses of those that it shows. */
final class TrainEvents implements Source {
    private final Supplier<List<Object>> runs;
    private final Map<String, LossPoints> curves = new LinkedHashMap<>();
    private List<Object> last = List.of();
    private boolean isFirst = true;

    /**
     * @param runs as a page reads them
     * @param shown the runs whose losses are followed, by their places
     */
    TrainEvents(Supplier<List<Object>> runs, Map<String, Path> shown) {
        this.runs = runs;
        shown.forEach((place, folder) -> curves.put(place, new LossPoints(new RunFolder(folder).metrics())));
    }

    @Override
    public List<Event> next() {
        List<Event> events = new ArrayList<>();
        List<Object> now = runs.get();
        if (isFirst || !now.equals(last)) {
            events.add(new Event("runs", Map.of("runs", now)));
            last = now;
            isFirst = false;
        }
        curves.forEach((place, curve) -> curve.next().ifPresent(points -> {
            Map<String, Object> data = new LinkedHashMap<>(points);
            data.put("run", place);
            events.add(new Event("curve", data));
        }));
        return events;
    }
}
