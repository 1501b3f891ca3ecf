// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.unet2dcondition;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.json.Json;
import java.util.List;

/**
 * A whole number for all levels of a U-Net, or one for each, where a level may also have a list with one for each of its layers. In
 * JSON as it was given.
 *
 * @param json a {@code Long}, or a list of {@code Long}s and lists of {@code Long}s
 */
public record LevelNumbers(Object json) {
    private static final int MAX = 1 << 20;

    public LevelNumbers {
        json = checked(json, 2);
    }

    /** The same number for all levels. */
    public static LevelNumbers of(int value) {
        return new LevelNumbers((long) value);
    }

    /** From a number or a list. */
    public static LevelNumbers fromJson(Object value) {
        return new LevelNumbers(value);
    }

    /** A number or a list. */
    public Object toJson() {
        return json;
    }

    /** @param depth how many lists may be within each other */
    private static Object checked(Object value, int depth) {
        if (value instanceof Number number && number.doubleValue() == number.longValue()) {
            Check.inRange(number.doubleValue(), 0, MAX, "a number of it");
            return number.longValue();
        }
        if (value instanceof List<?> list && depth > 0 && !list.isEmpty()) {
            return list.stream().map(inner -> checked(inner, depth - 1)).toList();
        }
        throw new IllegalArgumentException(
                "must be a whole number or a list of them, one for each level, but was " + Json.describe(value));
    }

    /** Of a level that has one number. */
    public int at(int level) {
        return at(level, 0);
    }

    /** Of a layer of a level. */
    public int at(int level, int layer) {
        Object ofLevel = json instanceof List<?> levels ? levels.get(level) : json;
        Object value = ofLevel instanceof List<?> layers ? layers.get(layer) : ofLevel;
        return ((Long) value).intValue();
    }

    /** Whether a level has a list of its own. */
    boolean isNested() {
        return json instanceof List<?> levels && levels.stream().anyMatch(List.class::isInstance);
    }

    /** The only number, where all levels have the same. */
    int only(String name) {
        Check.that(
                json instanceof Long,
                name + " must be one number in a network that maps or pools the prompt, but was "
                        + Json.describe(json));
        return at(0);
    }

    /** Refuses a list of another length, and a level's list that is too short for its layers. */
    void checkLevels(String name, List<Integer> layers) {
        if (!(json instanceof List<?> levels)) {
            return;
        }
        Check.that(
                levels.size() == layers.size(),
                name + " must be one number or " + layers.size() + ", one for each level, but has " + levels.size());
        for (int i = 0; i < layers.size(); i++) {
            Check.that(
                    !(levels.get(i) instanceof List<?> own) || own.size() >= layers.get(i),
                    name + " must have a number for each of the " + layers.get(i) + " layers of level " + i);
        }
    }

    /** {@link #checkLevels} of numbers > 0, one for a level. */
    void checkPositive(String name, int levels) {
        Check.that(!isNested(), name + " must be one number or one for each level, but has a list within its list");
        checkLevels(name, java.util.Collections.nCopies(levels, 1));
        for (int i = 0; i < levels; i++) {
            Check.positive(at(i), name);
        }
    }
}
