// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.demo;

import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.base.Nearest;
import dev.diffusion4j.base.Problem;
import java.util.Arrays;
import java.util.List;

/** What a demo pushes its pictures to: a guidance loss whose value a visitor can choose. */
public enum DemoGuide implements Keyed {
    /** A colour, as the course's demo has it. */
    COLOR("color", "color", List.of(new Example("#BB2266", 3), new Example("#44CCAA", 5))),
    /** The mean brightness. */
    BRIGHTNESS("brightness", "number", List.of(new Example("0.8", 3), new Example("0.1", 5))),
    /** The spread of brightness. */
    CONTRAST("contrast", "number", List.of(new Example("0.4", 3), new Example("0.05", 5))),
    /** The spread of the channels. */
    SATURATION("saturation", "number", List.of(new Example("0.4", 3), new Example("0", 5))),
    /** How much neighbours differ. */
    SHARPNESS("sharpness", "number", List.of(new Example("0.2", 3), new Example("0", 5))),
    /** The picture and its mirror image. */
    SYMMETRY("symmetry", "left-right|top-bottom", List.of(new Example("left-right", 3), new Example("top-bottom", 5))),
    /** A text, as a CLIP sees it, which is packed too. */
    CLIP("clip", "text", List.of(new Example("a large red circle", 8), new Example("a small blue square", 15)));

    private final String key;
    private final String control;
    private final List<Example> examples;

    DemoGuide(String key, String control, List<Example> examples) {
        this.key = key;
        this.control = control;
        this.examples = examples;
    }

    /**
     * What a visitor may click on.
     *
     * @param value of the loss
     * @param guidanceScale how strongly
     */
    public record Example(String value, double guidanceScale) {}

    /** @throws Problem (a wrong request) where it is none, or one whose value is a file */
    public static DemoGuide of(String key) {
        return Arrays.stream(values())
                .filter(guide -> guide.key.equals(key))
                .findFirst()
                .orElseThrow(() -> {
                    List<String> all = Arrays.stream(values()).map(Keyed::key).toList();
                    return Problem.request("{guide} must be one of " + String.join(", ", all) + ", but was '" + key
                            + "'" + Nearest.hint(key, all));
                });
    }

    @Override
    public String key() {
        return key;
    }

    /** How its value is chosen: {@code color}, {@code number} from 0 to 1, {@code text}, or one of several words with bars between. */
    String control() {
        return control;
    }

    /** The first is what the page begins with, but for the colour. */
    List<Example> examples() {
        return examples;
    }

    /** What the page begins with. */
    Example start() {
        return this == COLOR ? new Example("#55FFAA", 3) : examples.get(0);
    }

    /** As a guidance is written, with the course's push: the mean over a batch of one picture. */
    String text(String value, double scale, String gradient) {
        return key + "=" + value + ":" + scale + ",strength=source,gradient=" + gradient;
    }
}
