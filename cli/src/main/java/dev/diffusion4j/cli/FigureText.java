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
        String subsets = figure.subsets() == 0
                ? ""
                : String.format(
                        Locale.ROOT,
                        "; %d subsets of %d, seed %d",
                        figure.subsets(),
                        figure.subsetSize(),
                        figure.seed());
        String against = figure.reference().isEmpty()
                ? ""
                : String.format(Locale.ROOT, " against %d of %s", figure.nReference(), figure.reference());
        return String.format(
                Locale.ROOT,
                "%-15s %s  (%d%s; %s %s, %d px, %s%s)",
                figure.metric(),
                number(figure),
                figure.n(),
                against,
                figure.extractor(),
                figure.weightsHash()
                        .substring(0, Math.min(8, figure.weightsHash().length())),
                figure.size(),
                figure.resize(),
                subsets);
    }

    /** {@code 0.0123 ± 0.0004}, or a share in percent. */
    static String number(Figure figure) {
        boolean share = figure.metric().equals(Figure.CLASS_FIDELITY);
        double factor = share ? 100 : 1;
        String format = share ? "%.1f" : "%.5g";
        String value = String.format(Locale.ROOT, format, factor * figure.value());
        Double error = figure.standardError();
        String whole = error == null
                ? value
                : value + " ± " + String.format(Locale.ROOT, share ? "%.1f" : "%.2g", factor * error);
        return share ? whole + " %" : whole;
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
                lines.add("  earlier " + other.metric() + " " + number(other) + how(other.drawn())
                        + (differences.isEmpty() ? "" : "  NOT COMPARABLE: " + String.join(", ", differences)));
            }
        }
        return lines;
    }

    private static String how(Map<String, @Nullable Object> drawn) {
        return drawn.isEmpty()
                ? ""
                : " (" + drawn.get("model") + ", " + drawn.get("scheduler") + ", " + drawn.get("steps")
                        + " steps, seed " + drawn.get("seed") + ")";
    }
}
