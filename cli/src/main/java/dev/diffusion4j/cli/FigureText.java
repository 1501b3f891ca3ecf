// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.metric.Figure;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Figures as lines for people. */
final class FigureText {
    private static final int SHOWN = 5;
    private static final int INCEPTION_FEATURES = 2048;

    private FigureText() {}

    /** The number with its error, and in what it was measured. */
    static String line(Figure figure) {
        return String.format(Locale.ROOT, "%-15s %s  (%s)", figure.metric(), figure.text(), figure.terms());
    }

    /** What a reader must know before believing a figure. */
    static List<String> warnings(List<Figure> figures) {
        List<String> lines = new ArrayList<>();
        for (Figure figure : figures) {
            int least = figure.extractor().startsWith("inception") ? INCEPTION_FEATURES : 0;
            if (figure.metric().equals(Figure.FID) && Math.min(figure.n(), figure.nReference()) < least) {
                lines.add("note: an FID of fewer than " + INCEPTION_FEATURES
                        + " pictures is far too large and only comparable with one of as many; KID is not biased");
            }
        }
        return lines;
    }

    /** The last figures of the same metric in the file, each with what keeps it from being compared. */
    static List<String> earlier(List<Figure> now, List<Figure> earlier) {
        List<String> lines = new ArrayList<>();
        for (Figure figure : now) {
            List<Figure> same = earlier.stream()
                    .filter(other -> other.metric().equals(figure.metric()))
                    .toList();
            for (Figure other : same.subList(Math.max(0, same.size() - SHOWN), same.size())) {
                List<String> differences = figure.differences(other);
                List<String> otherwise = figure.drawnOtherwise(other);
                otherwise.removeAll(differences);
                lines.add("  earlier " + other.metric() + " " + other.text() + how(other.drawn())
                        + listed("  NOT COMPARABLE: ", differences)
                        + listed("  drawn otherwise: ", otherwise));
            }
        }
        return lines;
    }

    private static String listed(String what, List<String> entries) {
        return entries.isEmpty() ? "" : what + String.join(", ", entries);
    }

    private static String how(Map<String, @Nullable Object> drawn) {
        return drawn.isEmpty()
                ? ""
                : " (" + drawn.get("model") + ", " + drawn.get("scheduler") + ", " + drawn.get("steps")
                        + " steps, seed " + drawn.get("seed") + ")";
    }
}
