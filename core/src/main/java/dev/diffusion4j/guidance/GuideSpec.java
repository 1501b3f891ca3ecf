// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.guidance;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.base.Nearest;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A guidance as text: {@code NAME=VALUE:SCALE[,gradient=cheap|exact][,strength=image|source][,schedule=S][,cuts=N][,clip-grad=X]
 * [,range=unit|source][,from=A][,to=B]}. The value may hold any character; the last colon ends it.
 *
 * @param text as it was written
 * @param name which loss
 * @param value the loss's argument
 * @param scale how strongly
 * @param options by their names
 */
public record GuideSpec(String text, String name, String value, double scale, Map<String, String> options) {
    private static final String FORM = "write it as NAME=VALUE:SCALE, color=#55FFAA:40 for example";
    private static final List<String> OPTIONS =
            List.of("gradient", "strength", "schedule", "cuts", "range", "clip-grad", "from", "to");
    /** What only losses that look at parts of the picture take. */
    private static final List<String> OF_PARTS = List.of("cuts", "range");

    /** Cuts of a loss that looks at random parts, where none are given. */
    private static final int CUTS = 4;

    public GuideSpec {
        options = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(options));
    }

    /** @throws IllegalArgumentException where it is not of that form */
    public static GuideSpec parse(String text) {
        int equals = text.indexOf('=');
        int colon = text.lastIndexOf(':');
        Check.that(equals > 0, "the guidance '" + text + "' names no loss: " + FORM);
        Check.that(colon > equals, "the guidance '" + text + "' names no scale: " + FORM);
        String[] parts = text.substring(colon + 1).split(",", -1);
        Map<String, String> options = new LinkedHashMap<>();
        for (int i = 1; i < parts.length; i++) {
            int at = parts[i].indexOf('=');
            String key = at < 0 ? parts[i].strip() : parts[i].substring(0, at).strip();
            Check.that(
                    at > 0 && OPTIONS.contains(key),
                    "the guidance '" + text + "' has an option '" + key + "'" + Nearest.hint(key, OPTIONS)
                            + "; known are " + String.join(", ", OPTIONS) + ", each with =VALUE");
            String before = options.put(key, parts[i].substring(at + 1).strip());
            Check.that(before == null, "the guidance '" + text + "' says " + key + " twice: omit one of them");
        }
        return new GuideSpec(
                text,
                text.substring(0, equals).strip(),
                text.substring(equals + 1, colon).strip(),
                number(parts[0], "scale", text),
                options);
    }

    /**
     * With the loss that the name stands for.
     *
     * @param looksAtParts whether the loss looks at random parts of the picture, so that several cuts make sense
     */
    public LossGuidance with(GuidanceLoss loss, boolean looksAtParts) {
        for (String option : OF_PARTS) {
            Check.that(
                    looksAtParts || !options.containsKey(option),
                    "the guidance '" + text + "' looks at whole pictures: omit " + option);
        }
        String clip = options.get("clip-grad");
        return new LossGuidance(
                text,
                loss,
                scale,
                key(LossGuidance.Gradient.class, "gradient", "cheap"),
                key(LossGuidance.Strength.class, "strength", "image"),
                key(ScaleSchedule.class, "schedule", "constant"),
                looksAtParts ? (int) number(option("cuts", String.valueOf(CUTS)), "cuts", text) : 1,
                clip == null ? null : number(clip, "clip-grad", text),
                number(option("from", "0"), "from", text),
                number(option("to", "1"), "to", text));
    }

    private String option(String name, String fallback) {
        return options.getOrDefault(name, fallback);
    }

    private <E extends Enum<E> & Keyed> E key(Class<E> type, String name, String fallback) {
        return Keyed.fromKey(type, option(name, fallback), name);
    }

    /**
     * Whether the network that judges is shown pictures in [−1, 1], as the course's code does by mistake ({@code range=source}), and not in
     * [0, 1], as it expects them.
     */
    public boolean isSourceRange() {
        String range = option("range", "unit");
        Check.that(
                range.equals("unit") || range.equals("source"),
                "the range of the guidance '" + text + "' must be unit or source, but was '" + range + "'");
        return range.equals("source");
    }

    /** The value before and after the last {@code mark}; the second is empty where there is none. */
    public List<String> split(char mark) {
        int at = value.lastIndexOf(mark);
        return at < 0
                ? List.of(value, "")
                : List.of(
                        value.substring(0, at).strip(), value.substring(at + 1).strip());
    }

    /** The value as a number. */
    public double number() {
        return number(value, "value", text);
    }

    private static double number(@Nullable String word, String what, String text) {
        try {
            double number = Double.parseDouble(String.valueOf(word).strip());
            if (Double.isFinite(number)) {
                return number;
            }
        } catch (NumberFormatException e) {
            // reported below
        }
        throw new IllegalArgumentException(
                "the " + what + " of the guidance '" + text + "' must be a number, but was '" + word + "'; " + FORM);
    }
}
