// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe.publish;

import dev.diffusion4j.hub.ModelCard;
import dev.diffusion4j.metric.Figure;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What was measured of a model, as a part of its card: each figure with all that another must share to stand beside it. */
final class CardFigures {
    private static final int HASH = 12;

    private CardFigures() {}

    /** @param figures at least one; of the same metric and extractor the last counts */
    static ModelCard card(List<Figure> figures) {
        Map<String, Figure> last = new LinkedHashMap<>();
        figures.forEach(figure -> last.put(
                figure.metric() + figure.extractor() + figure.size() + figure.resize() + figure.drawn(), figure));
        StringBuilder table = new StringBuilder(
                "## Figures\n\n| figure | value | pictures | held against | extractor | drawn with |\n|---|---|---|---|---|---|\n");
        for (Figure figure : last.values()) {
            table.append(String.format(
                    Locale.ROOT,
                    "| %s | %s | %d | %s | %s, %d px, weights %s | %s |%n",
                    figure.metric(),
                    figure.text(),
                    figure.n(),
                    figure.nReference() == 0 ? "–" : figure.nReference() + " pictures",
                    figure.extractor(),
                    figure.size(),
                    figure.weightsHash()
                            .substring(0, Math.min(HASH, figure.weightsHash().length())),
                    drawn(figure)));
        }
        List<String> metrics =
                last.values().stream().map(Figure::metric).distinct().toList();
        return new ModelCard(Map.of("metrics", metrics), Map.of("figures", table.toString()));
    }

    private static String drawn(Figure figure) {
        return figure.drawn().isEmpty()
                ? "–"
                : figure.drawn().get("scheduler") + ", " + figure.drawn().get("steps") + " steps, seed "
                        + figure.drawn().get("seed");
    }
}
