// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.base;

import org.jspecify.annotations.Nullable;

/**
 * Argument checks whose message names the argument, its value and the rule it broke. All are written so that NaN fails.
 * Each returns its argument and throws {@link InvalidArgument}, an {@link IllegalArgumentException}.
 */
public final class Check {
    private Check() {}

    /** {@code value > 0}. */
    public static int positive(int value, String name) {
        if (value <= 0) {
            throw new InvalidArgument(name + " must be > 0, but was " + value);
        }
        return value;
    }

    /** {@code value > 0}. */
    public static long positive(long value, String name) {
        if (value <= 0) {
            throw new InvalidArgument(name + " must be > 0, but was " + value);
        }
        return value;
    }

    /** {@code value > 0} and finite. */
    public static double positive(double value, String name) {
        if (!(value > 0) || Double.isInfinite(value)) {
            throw new InvalidArgument(name + " must be a finite number > 0, but was " + value);
        }
        return value;
    }

    /** {@code value >= 0}. */
    public static int notNegative(int value, String name) {
        if (value < 0) {
            throw new InvalidArgument(name + " must be >= 0, but was " + value);
        }
        return value;
    }

    /** {@code value >= 0} and finite. */
    public static double notNegative(double value, String name) {
        if (!(value >= 0) || Double.isInfinite(value)) {
            throw new InvalidArgument(name + " must be a finite number >= 0, but was " + value);
        }
        return value;
    }

    /** Neither NaN nor infinite. */
    public static double finite(double value, String name) {
        if (!Double.isFinite(value)) {
            throw new InvalidArgument(name + " must be a finite number, but was " + value);
        }
        return value;
    }

    /** {@code 0 < value < 1}. */
    public static double inOpenUnit(double value, String name) {
        if (!(value > 0 && value < 1)) {
            throw new InvalidArgument(name + " must lie in (0, 1), but was " + value);
        }
        return value;
    }

    /** {@code low <= value <= high}. */
    public static double inRange(double value, double low, double high, String name) {
        if (!(value >= low && value <= high)) {
            throw new InvalidArgument(name + " must lie in [" + low + ", " + high + "], but was " + value);
        }
        return value;
    }

    /** {@code low <= value <= high}. */
    public static int inRange(int value, int low, int high, String name) {
        if (value < low || value > high) {
            throw new InvalidArgument(name + " must lie in [" + low + ", " + high + "], but was " + value);
        }
        return value;
    }

    /** Not {@code null}. */
    public static <T> T given(@Nullable T value, String name) {
        if (value == null) {
            throw new InvalidArgument(name + " is missing");
        }
        return value;
    }

    /** Any other rule: {@code message} says what is wrong, with the value, and what is allowed. */
    public static void that(boolean holds, String message) {
        if (!holds) {
            throw new InvalidArgument(message);
        }
    }
}
