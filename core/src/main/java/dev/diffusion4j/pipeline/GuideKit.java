// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.base.Nearest;
import dev.diffusion4j.guidance.GuideSpec;
import dev.diffusion4j.guidance.LossGuidance;
import dev.diffusion4j.guidance.loss.ColourLoss;
import dev.diffusion4j.guidance.loss.PictureLosses;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** Makes guidances of words ({@link GuideSpec}), and owns the networks and pictures that they need; close it after the last picture. */
public final class GuideKit implements AutoCloseable {
    private static final List<String> NAMES =
            List.of("color", "brightness", "contrast", "saturation", "sharpness", "symmetry");

    private final Deque<AutoCloseable> owned = new ArrayDeque<>();

    /** All names that {@link #parse} knows. */
    public static List<String> names() {
        return NAMES;
    }

    /**
     * In the order given.
     *
     * @throws IllegalArgumentException where one is not of the form, or its loss is not known
     */
    public List<LossGuidance> parseAll(List<String> texts) {
        List<LossGuidance> guidances = new ArrayList<>();
        texts.forEach(text -> guidances.add(parse(text)));
        return guidances;
    }

    /** One guidance. */
    public LossGuidance parse(String text) {
        GuideSpec spec = GuideSpec.parse(text);
        return switch (spec.name()) {
            case "color", "colour" -> spec.with(ColourLoss.parse(spec.value()), false);
            case "brightness" -> spec.with(PictureLosses.brightness(spec.number()), false);
            case "contrast" -> spec.with(PictureLosses.contrast(spec.number()), false);
            case "saturation" -> spec.with(PictureLosses.saturation(spec.number()), false);
            case "sharpness", "edge" -> spec.with(PictureLosses.sharpness(spec.number()), false);
            case "symmetry" -> spec.with(PictureLosses.symmetry(isLeftAndRight(spec)), false);
            default ->
                throw new IllegalArgumentException("there is no guidance '" + spec.name() + "'"
                        + Nearest.hint(spec.name(), NAMES) + "; known are " + String.join(", ", NAMES));
        };
    }

    private static boolean isLeftAndRight(GuideSpec spec) {
        return switch (spec.value()) {
            case "left-right" -> true;
            case "top-bottom" -> false;
            default ->
                throw new IllegalArgumentException(
                        "symmetry must be left-right or top-bottom, but was '" + spec.value() + "'");
        };
    }

    @Override
    public void close() {
        while (!owned.isEmpty()) {
            try {
                owned.pop().close();
            } catch (Exception e) {
                throw new IllegalStateException("could not be closed", e);
            }
        }
    }
}
