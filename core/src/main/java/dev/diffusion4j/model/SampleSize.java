// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.json.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Height and width in pixels; in JSON one number where they are equal, else {@code [height, width]}.
 */
public record SampleSize(int height, int width) {
    private static final int MAX = 1 << 16;

    public SampleSize {
        Check.inRange(height, 1, MAX, "height");
        Check.inRange(width, 1, MAX, "width");
    }

    /** A square. */
    public static SampleSize square(int side) {
        return new SampleSize(side, side);
    }

    /** {@code WxH}, as flags write it. */
    public String text() {
        return width + "x" + height;
    }

    /** From a number or a pair. */
    public static SampleSize fromJson(Object value) {
        if (value instanceof Number number) {
            return square(whole(number));
        }
        if (value instanceof List<?> pair
                && pair.size() == 2
                && pair.get(0) instanceof Number h
                && pair.get(1) instanceof Number w) {
            return new SampleSize(whole(h), whole(w));
        }
        throw new IllegalArgumentException(
                "must be a whole number or [height, width], but was " + Json.describe(value));
    }

    private static int whole(Number number) {
        Check.that(number.doubleValue() == number.intValue(), "must be a whole number, but was " + number);
        return number.intValue();
    }

    /** A number or a pair. */
    public @Nullable Object toJson() {
        return height == width ? (Object) (long) height : List.of((long) height, (long) width);
    }
}
