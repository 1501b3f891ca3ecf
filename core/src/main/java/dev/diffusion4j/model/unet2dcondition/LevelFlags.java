// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.unet2dcondition;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.json.Json;
import java.util.List;

/**
 * Yes or no for all levels of a U-Net, or for each. In JSON as it was given.
 *
 * @param json a {@code Boolean}, or a list of them
 */
public record LevelFlags(Object json) {
    public LevelFlags {
        if (json instanceof List<?> list && list.stream().allMatch(Boolean.class::isInstance)) {
            json = List.copyOf(list);
        } else if (!(json instanceof Boolean)) {
            throw new IllegalArgumentException(
                    "must be true, false or a list of them, one for each level, but was " + Json.describe(json));
        }
    }

    /** From a value or a list. */
    public static LevelFlags fromJson(Object value) {
        return new LevelFlags(value);
    }

    /** A value or a list. */
    public Object toJson() {
        return json;
    }

    /** Of a level. */
    public boolean at(int level) {
        return (Boolean) (json instanceof List<?> levels ? levels.get(level) : json);
    }

    void checkLevels(String name, int count) {
        Check.that(
                !(json instanceof List<?> levels) || levels.size() == count,
                name + " must be one value or " + count + ", one for each level");
    }
}
