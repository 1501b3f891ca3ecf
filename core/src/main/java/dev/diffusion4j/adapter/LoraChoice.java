// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import dev.diffusion4j.base.Check;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An adapter's file or folder and how much of it counts.
 *
 * @param scale in the denoiser: 1 as it was trained, 0 not at all; may be negative
 * @param textScale in the text encoders
 */
public record LoraChoice(Path path, double scale, double textScale) {
    private static final Pattern APART = Pattern.compile("(.+):te=([^:]+):unet=([^:]+)");

    public LoraChoice {
        checkScale(path, scale);
        checkScale(path, textScale);
    }

    /** Which counts alike in all networks. */
    public LoraChoice(Path path, double scale) {
        this(path, scale, scale);
    }

    static void checkScale(Path path, double scale) {
        Check.that(Double.isFinite(scale), "the scale of " + path + " must be a number, but was " + scale);
    }

    /** {@code PATH}, {@code PATH:SCALE} or {@code PATH:te=SCALE:unet=SCALE}. */
    public static LoraChoice parse(String text) {
        Matcher apart = APART.matcher(text);
        try {
            if (apart.matches()) {
                return new LoraChoice(
                        Path.of(apart.group(1)),
                        Double.parseDouble(apart.group(3)),
                        Double.parseDouble(apart.group(2)));
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "{loras} must be FILE:te=SCALE:unet=SCALE with two numbers, but was '" + text + "'", e);
        }
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

    /** The same of another place. */
    public LoraChoice at(Path other) {
        return new LoraChoice(other, scale, textScale);
    }

    /** How strongly it counts in a part of a pipeline. */
    public double scaleIn(LoraComponent part) {
        return part.isText() ? textScale : scale;
    }

    /** {@code PATH:SCALE}, or {@code PATH:te=SCALE:unet=SCALE} where the two differ; {@link #parse} reads both. */
    public String text() {
        return path + (scale == textScale ? ":" + scale : ":te=" + textScale + ":unet=" + scale);
    }
}
