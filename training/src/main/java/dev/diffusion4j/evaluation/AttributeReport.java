// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.evaluation;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What judges of attributes found, with all that decides whether another may stand beside it.
 *
 * @param pictures what was judged
 * @param picturesHash of its pixels
 * @param count of the captions, the first of the data set {@code scenes:test}
 * @param seed of that data set
 * @param realHash of the pixels of these captions' real pictures
 * @param size height and width of the pictures
 * @param judges SHA-256 of each judge's weights, by its attribute
 * @param drawn how the pictures were made, but for their captions: model, scheduler, steps, seed, …
 */
public record AttributeReport(
        String pictures,
        String picturesHash,
        int count,
        long seed,
        String realHash,
        int size,
        AttributeTable table,
        Map<String, String> judges,
        Map<String, @Nullable Object> drawn) {

    /** For the terminal. */
    public String text() {
        return "pictures        " + pictures + ": " + count + " captions of scenes:test, seed " + seed
                + System.lineSeparator() + table.text();
    }

    /** The keys and values of a line of JSON. */
    public Map<String, @Nullable Object> toMap() {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("metric", "attributes");
        map.put("pictures", pictures);
        map.put("pictures_hash", picturesHash);
        map.put("captions", "scenes:test");
        map.put("count", (long) count);
        map.put("captions_seed", seed);
        map.put("real_hash", realHash);
        map.put("size", (long) size);
        map.put("rows", table.toList());
        map.put("judges", judges);
        map.put("drawn", drawn);
        return map;
    }
}
