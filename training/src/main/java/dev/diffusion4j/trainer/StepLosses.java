// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import java.util.Map;
import java.util.TreeMap;
import java.util.stream.DoubleStream;

/**
 * Means over the examples of a batch or of several.
 *
 * @param loss that is learnt from
 * @param tracked others, by name; see {@link dev.diffusion4j.objective.Objective.Task#tracked()}
 */
record StepLosses(double loss, Map<String, Double> tracked) {
    static final StepLosses ZERO = new StepLosses(0, Map.of());

    StepLosses times(double factor) {
        Map<String, Double> all = new TreeMap<>(tracked);
        all.replaceAll((name, value) -> value * factor);
        return new StepLosses(loss * factor, all);
    }

    /** The loss and the others in the order of their names. */
    DoubleStream numbers() {
        return DoubleStream.concat(
                DoubleStream.of(loss), new TreeMap<>(tracked).values().stream().mapToDouble(Double::doubleValue));
    }

    /** The same with other {@link #numbers}. */
    StepLosses withNumbers(double[] numbers) {
        Map<String, Double> all = new TreeMap<>(tracked);
        int[] next = {1};
        all.replaceAll((name, value) -> numbers[next[0]++]);
        return new StepLosses(numbers[0], all);
    }

    StepLosses plus(StepLosses other) {
        Map<String, Double> all = new TreeMap<>(tracked);
        other.tracked.forEach((name, value) -> all.merge(name, value, Double::sum));
        return new StepLosses(loss + other.loss, all);
    }
}
