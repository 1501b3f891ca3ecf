// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.objective;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * How often a picture's condition is dropped while a network learns, so that it can also be asked without one: classifier-free
 * guidance, Ho &amp; Salimans (2022). In a recipe a number, the name of a schedule, or a group of keys.
 *
 * @param schedule of the probability over the epochs
 * @param first the probability of {@code constant}, and that of {@code linear} in the first epoch
 * @param last the probability of {@code linear} in the last epoch, and the least of {@code decay}
 */
public record ContextDrop(Schedule schedule, double first, double last) {
    /** Conditions always count. */
    public static final ContextDrop NONE = new ContextDrop(Schedule.CONSTANT, 0, 0);

    private static final List<String> KEYS = List.of("schedule", "first", "last");
    private static final ContextDrop DECAY = new ContextDrop(Schedule.DECAY, 1, 0.1);
    private static final ContextDrop LINEAR = new ContextDrop(Schedule.LINEAR, 0.9, 0.1);

    /** The probability over the epochs. */
    public enum Schedule implements Keyed {
        /** The same in all of them. */
        CONSTANT("constant"),
        /** max(last, 1 − epoch/epochs), epochs from 0: everything is dropped in the first. As a lesson's code has it. */
        DECAY("decay"),
        /** From first in the first epoch straight to last in the last one. As the text beside that code has it. */
        LINEAR("linear");

        private final String key;

        Schedule(String key) {
            this.key = key;
        }

        @Override
        public String key() {
            return key;
        }
    }

    public ContextDrop {
        Check.inRange(first, 0, 1, "the probability");
        Check.inRange(last, 0, 1, "the last probability");
    }

    /** Always with this probability. */
    public static ContextDrop constant(double probability) {
        return new ContextDrop(Schedule.CONSTANT, probability, probability);
    }

    /**
     * From a number, the name of a schedule with its own figures, or a group of keys.
     *
     * @throws IllegalArgumentException where it is none of these
     */
    public static ContextDrop fromJson(Object value) {
        if (value instanceof Number number) {
            return constant(number.doubleValue());
        }
        if (value instanceof String name) {
            return of(Keyed.fromKey(Schedule.class, name, "schedule"));
        }
        if (value instanceof Map<?, ?> keys) {
            return fromKeys(keys);
        }
        throw new IllegalArgumentException(
                "it must be a probability, such as 0.1, or constant, decay or linear, but was " + value);
    }

    private static ContextDrop fromKeys(Map<?, ?> keys) {
        keys.keySet()
                .forEach(key -> Check.that(
                        KEYS.contains(key), "unknown key '" + key + "'; known are " + String.join(", ", KEYS)));
        Object name = keys.get("schedule");
        ContextDrop base =
                of(name == null ? Schedule.CONSTANT : Keyed.fromKey(Schedule.class, String.valueOf(name), "schedule"));
        return new ContextDrop(base.schedule, number(keys, "first", base.first), number(keys, "last", base.last));
    }

    private static double number(Map<?, ?> keys, String key, double fallback) {
        Object value = keys.get(key);
        Check.that(value == null || value instanceof Number, key + " must be a number, but was " + value);
        return value instanceof Number number ? number.doubleValue() : fallback;
    }

    /** As {@link #fromJson} reads it: a number where it is constant. */
    public Object toJson() {
        if (schedule == Schedule.CONSTANT) {
            return first;
        }
        Map<String, Object> keys = new LinkedHashMap<>();
        keys.put("schedule", schedule.key());
        keys.put("first", first);
        keys.put("last", last);
        return keys;
    }

    private static ContextDrop of(Schedule schedule) {
        return switch (schedule) {
            case CONSTANT -> constant(0.1);
            case DECAY -> DECAY;
            case LINEAR -> LINEAR;
        };
    }

    /** Whether anything is ever dropped. */
    public boolean isActive() {
        return schedule != Schedule.CONSTANT || first > 0;
    }

    /**
     * The probability in an epoch.
     *
     * @param epoch from 0
     * @param epochs of the whole run
     */
    public double at(int epoch, int epochs) {
        return switch (schedule) {
            case CONSTANT -> first;
            case DECAY -> Math.max(last, 1 - (double) epoch / epochs);
            case LINEAR -> epochs == 1 ? first : first + (last - first) * Math.min(1, (double) epoch / (epochs - 1));
        };
    }

    /**
     * A draw for each picture.
     *
     * @return {@code float32 (B)}: 1 to keep, 0 to drop, a new tensor owned by the current scope
     */
    public static Tensor drawKeep(RandomStream random, long batch, double probability) {
        return TensorScope.keepResult(
                () -> random.rand(batch).ge(new Scalar(probability)).to(ScalarType.Float));
    }
}
