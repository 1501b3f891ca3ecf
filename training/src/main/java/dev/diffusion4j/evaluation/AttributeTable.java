// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.evaluation;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.data.drawn.Scene;
import dev.diffusion4j.data.drawn.SceneAttribute;
import dev.diffusion4j.metric.Proportion;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How many pictures show what their captions say, attribute by attribute, as far as a caption speaks of it; and in the last row, of
 * how many all is right that the caption says.
 */
public record AttributeTable(List<Row> rows) {
    /** The last row's name. */
    public static final String TOGETHER = "all together";

    /**
     * A line.
     *
     * @param pictures that were judged to show it
     * @param chance the same where each is held against the caption of the next one; of none where there is one picture alone
     * @param judge real pictures of the same captions that were judged right: what can be reached
     */
    public record Row(String attribute, Proportion pictures, Proportion chance, Proportion judge) {}

    public AttributeTable {
        rows = List.copyOf(rows);
    }

    /**
     * Counts.
     *
     * @param captions what each picture is to show
     * @param pictures what the judge of each attribute saw in each picture
     * @param real the same of real pictures of these captions
     */
    public static AttributeTable of(
            List<Scene> captions, Map<SceneAttribute, long[]> pictures, Map<SceneAttribute, long[]> real) {
        Check.positive(captions.size(), "count");
        List<Scene> next = new ArrayList<>(captions.subList(1, captions.size()));
        if (!next.isEmpty()) { // a picture's own caption is no chance
            next.add(captions.get(0));
        }
        List<Row> rows = new ArrayList<>();
        for (SceneAttribute attribute : pictures.keySet()) {
            List<SceneAttribute> one = List.of(attribute);
            rows.add(row(attribute.key(), one, captions, next, pictures, real));
        }
        rows.add(row(TOGETHER, List.copyOf(pictures.keySet()), captions, next, pictures, real));
        return new AttributeTable(rows);
    }

    private static Row row(
            String name,
            List<SceneAttribute> attributes,
            List<Scene> captions,
            List<Scene> next,
            Map<SceneAttribute, long[]> pictures,
            Map<SceneAttribute, long[]> real) {
        return new Row(
                name,
                count(attributes, captions, pictures),
                count(attributes, next, pictures),
                count(attributes, captions, real));
    }

    /** Of the pictures whose captions speak of some of these attributes, those in which all of these are seen. */
    private static Proportion count(
            List<SceneAttribute> attributes, List<Scene> captions, Map<SceneAttribute, long[]> seen) {
        int right = 0;
        int of = 0;
        for (int i = 0; i < captions.size(); i++) {
            Scene caption = captions.get(i);
            int picture = i;
            List<SceneAttribute> said = attributes.stream()
                    .filter(attribute -> attribute.isSaidOf(caption))
                    .toList();
            if (!said.isEmpty()) {
                of++;
                boolean all = said.stream()
                        .allMatch(attribute ->
                                Check.given(seen.get(attribute), attribute.key())[picture] == attribute.of(caption));
                right += all ? 1 : 0;
            }
        }
        return new Proportion(right, of);
    }

    /** For the terminal: a line for each row. */
    public String text() {
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "%-14s %6s %6s %8s  %-18s %8s %8s%n",
                "attribute",
                "right",
                "of",
                "share",
                "95 % interval",
                "chance",
                "judge"));
        for (Row row : rows) {
            Proportion seen = row.pictures;
            text.append(String.format(
                    Locale.ROOT,
                    "%-14s %6d %6d %8s  %-18s %8s %8s%n",
                    row.attribute,
                    seen.right(),
                    seen.of(),
                    percent(seen),
                    seen.of() == 0
                            ? ""
                            : String.format(Locale.ROOT, "%.1f to %.1f %%", 100 * seen.low(), 100 * seen.high()),
                    percent(row.chance),
                    percent(row.judge)));
        }
        return text.toString();
    }

    private static String percent(Proportion share) {
        return share.of() == 0 ? "-" : String.format(Locale.ROOT, "%.1f %%", 100 * share.share());
    }

    /** The rows as plain values. */
    List<Map<String, @Nullable Object>> toList() {
        List<Map<String, @Nullable Object>> list = new ArrayList<>();
        for (Row row : rows) {
            Map<String, @Nullable Object> line = new LinkedHashMap<>();
            line.put("attribute", row.attribute);
            line.put("right", (long) row.pictures.right());
            line.put("of", (long) row.pictures.of());
            line.put("share", row.pictures.share());
            line.put("low_95", row.pictures.low());
            line.put("high_95", row.pictures.high());
            line.put("chance_right", (long) row.chance.right());
            line.put("chance_of", (long) row.chance.of());
            line.put("judge_right", (long) row.judge.right());
            line.put("judge_of", (long) row.judge.of());
            list.add(line);
        }
        return list;
    }
}
