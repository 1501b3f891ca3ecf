// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import dev.diffusion4j.base.Check;
import java.nio.file.Path;

/**
 * An adapter's file or folder and how much of it counts.
 *
 * @param scale 1 as it was trained, 0 not at all; may be negative
 */
public record LoraChoice(Path path, double scale) {
    public LoraChoice {
        Check.that(Double.isFinite(scale), "the scale of " + path + " must be a number, but was " + scale);
    }

    /** {@code PATH} or {@code PATH:SCALE}. */
    public static LoraChoice parse(String text) {
        int colon = text.lastIndexOf(':');
        if (colon > 0) {
            String number = text.substring(colon + 1);
            try {
                return new LoraChoice(Path.of(text.substring(0, colon)), Double.parseDouble(number));
            } catch (NumberFormatException e) {
                Check.that(
                        !number.isBlank() && number.matches(".*[\\\\/.].*"),
                        "{loras} must be FILE or FILE:SCALE with a number such as 0.8, but was '" + text + "'");
            }
        }
        Check.that(!text.isBlank(), "{loras} must name a file or folder");
        return new LoraChoice(Path.of(text), 1);
    }

    /** {@code PATH:SCALE}, which {@link #parse} reads. */
    public String text() {
        return path + ":" + scale;
    }
}
