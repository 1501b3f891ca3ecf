// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.train;

import dev.diffusion4j.recipe.watch.MetricsTail;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The losses of a run as points of a curve, as they come. A long run begins with some thousands of them, evenly spread. */
final class LossPoints {
    private static final int MOST = 3000;
    private static final int WINDOW = 100;

    private final MetricsTail tail;
    private final Deque<Double> window = new ArrayDeque<>();
    private double sum;
    private long seen;
    private long stride = 1;

    LossPoints(Path metrics) {
        tail = new MetricsTail(metrics);
    }

    /** New points, or nothing: {@code points} of step, loss and the mean of the last hundred, {@code held_back} of step and loss. */
    Optional<Map<String, Object>> next() {
        List<List<Number>> points = new ArrayList<>();
        List<List<Number>> heldBack = new ArrayList<>();
        boolean isAnew = false;
        MetricsTail.Part part;
        do {
            part = tail.next();
            if (part.isAnew()) {
                isAnew = true;
                begin(points, heldBack);
            }
            part.lines().forEach(line -> add(line, points, heldBack));
        } while (part.hasMore());
        if (points.isEmpty() && heldBack.isEmpty() && !isAnew) {
            return Optional.empty();
        }
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("anew", isAnew);
        map.put("points", points);
        map.put("held_back", heldBack);
        return Optional.of(map);
    }

    private void begin(List<List<Number>> points, List<List<Number>> heldBack) {
        points.clear();
        heldBack.clear();
        window.clear();
        sum = 0;
        seen = 0;
        stride = 1;
    }

    private void add(Map<String, @Nullable Object> line, List<List<Number>> points, List<List<Number>> heldBack) {
        if (!(line.get("step") instanceof Number step)) {
            return;
        }
        if (line.get("val_loss") instanceof Number value) {
            heldBack.add(List.of(step, value));
        }
        if (!(line.get("loss") instanceof Number loss)) {
            return;
        }
        window.addLast(loss.doubleValue());
        sum += loss.doubleValue();
        if (window.size() > WINDOW) {
            sum -= window.removeFirst();
        }
        if (seen++ % stride == 0) {
            points.add(List.of(step, loss, sum / window.size()));
        }
        if (points.size() > MOST) {
            for (int i = 0; i < points.size() / 2; i++) {
                points.set(i, points.get(2 * i));
            }
            points.subList(points.size() / 2, points.size()).clear();
            stride *= 2;
        }
    }
}
