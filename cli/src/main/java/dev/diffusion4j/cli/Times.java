// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import java.util.Locale;

/** Durations in the one form that all commands print. */
final class Times {
    private static final int SMALL = 10;
    private static final int MINUTE = 60;
    private static final int HOUR = 3600;
    private static final int DAY = 24 * HOUR;

    private Times() {}

    /** {@code 0.8 s}, {@code 35 s}, {@code 12 min 41 s}, {@code 3 h 12 min}, {@code 2 d 4 h}. */
    static String text(double seconds) {
        if (seconds < SMALL - 0.05) {
            return String.format(Locale.ROOT, "%.1f s", seconds);
        }
        long whole = Math.round(seconds);
        if (whole < MINUTE) {
            return whole + " s";
        }
        if (whole < HOUR) {
            return whole / MINUTE + " min " + whole % MINUTE + " s";
        }
        if (whole < DAY) {
            return whole / HOUR + " h " + whole % HOUR / MINUTE + " min";
        }
        return whole / DAY + " d " + whole % DAY / HOUR + " h";
    }

    /** An estimate, in the largest unit alone: {@code 40 s}, {@code 12 min}, {@code 3 h}, {@code 2 d}. */
    static String rough(double seconds) {
        if (seconds < 1.5 * MINUTE) {
            return Math.max(10, 10 * Math.round(seconds / 10)) + " s";
        }
        if (seconds < 1.5 * HOUR) {
            return Math.round(seconds / MINUTE) + " min";
        }
        return seconds < 2 * DAY ? Math.round(seconds / HOUR) + " h" : Math.round(seconds / DAY) + " d";
    }

    /** An estimate that holds to some hundredths: {@code 40 s}, {@code 3.2 min}, {@code 12 min}, {@code 2.5 h}. */
    static String about(double seconds) {
        if (seconds < 1.5 * MINUTE) {
            return Math.max(1, Math.round(seconds)) + " s";
        }
        boolean isShort = seconds < 1.5 * HOUR;
        double number = seconds / (isShort ? MINUTE : HOUR);
        return String.format(Locale.ROOT, number < SMALL ? "%.1f" : "%.0f", number) + (isShort ? " min" : " h");
    }

    /** What is left of work; no tenths, since it is a guess. */
    static String left(double seconds) {
        return seconds < SMALL ? Math.round(seconds) + " s" : text(seconds);
    }
}
