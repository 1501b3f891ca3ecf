// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import dev.diffusion4j.json.Json;
import dev.diffusion4j.testing.Golden;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One case of oracle/golden_schedulers.py: what was asked, and the numbers that came out, which are read one after another. */
final class GoldenCase {
    private final Map<String, @Nullable Object> spec;
    private final float[] numbers;
    private int position;

    private GoldenCase(Map<String, @Nullable Object> spec, float[] numbers) {
        this.spec = spec;
        this.numbers = numbers;
    }

    static GoldenCase of(Golden golden, String id, String json) {
        return new GoldenCase(Json.parseObject(json, id), golden.has(id) ? golden.floats(id) : new float[0]);
    }

    String className() {
        return (String) Objects.requireNonNull(spec.get("cls"));
    }

    Map<String, @Nullable Object> config() {
        return Json.object(spec.get("config"));
    }

    Scheduler scheduler() {
        return SchedulerKind.ofClass(className(), "a golden case").create(config());
    }

    boolean is(String key) {
        return Boolean.TRUE.equals(spec.get(key));
    }

    int integer(String key, int fallback) {
        return spec.get(key) instanceof Long value ? Math.toIntExact(value) : fallback;
    }

    /** The numbers of a list; none where there is no list. */
    double[] list(String key) {
        return spec.get(key) instanceof List<?> list
                ? list.stream()
                        .mapToDouble(value -> ((Number) value).doubleValue())
                        .toArray()
                : new double[0];
    }

    SamplingSettings settings() {
        SamplingSettings settings = SamplingSettings.ofSteps(integer("steps", 0));
        if (spec.get("eta") instanceof Number eta) {
            settings = settings.withEta(eta.doubleValue());
        }
        if (spec.get("strength") instanceof Number strength
                && !spec.containsKey("first")) { // of a run that begins later it says where
            settings = settings.withStrength(strength.doubleValue());
        }
        if (spec.get("mu") instanceof Number mu) {
            settings = settings.withOptions(new StepOptions(false, 0, 0, null, 1, mu.doubleValue()));
        }
        double[] canvas = list("canvas");
        if (canvas.length > 0) {
            settings = settings.withCanvas(new Canvas((long) canvas[0], (long) canvas[1], (int) canvas[2]));
        }
        settings = settings.withFirstStep(integer("first", 0));
        double[] churn = list("churn");
        return churn.length == 0
                ? settings
                : settings.withOptions(new StepOptions(false, churn[0], churn[1], churn[2], churn[3], null));
    }

    /** The next {@code count} numbers. */
    float[] next(int count) {
        position += count;
        return Arrays.copyOfRange(numbers, position - count, position);
    }

    /** All numbers that are left. */
    float[] rest() {
        return next(numbers.length - position);
    }
}
