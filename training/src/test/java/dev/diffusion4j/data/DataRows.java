// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.data.parquet.ColumnChoice;
import dev.diffusion4j.json.Json;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Prints data sets, a JSON list of rows each, for {@code oracle/check_hf_data.py}: {@code (SPEC IMAGE CAPTION LABEL)…}; {@code -} is none. */
public final class DataRows {
    private DataRows() {}

    public static void main(String[] arguments) {
        for (int i = 0; i + 3 < arguments.length; i += 4) {
            ColumnChoice columns =
                    new ColumnChoice(name(arguments[i + 1]), name(arguments[i + 2]), name(arguments[i + 3]));
            System.out.println("@" + Json.compact(rows(arguments[i], columns)));
        }
    }

    private static List<Map<String, @Nullable Object>> rows(String spec, ColumnChoice columns) {
        List<Map<String, @Nullable Object>> rows = new ArrayList<>();
        try (Dataset dataset = DataSources.open(spec, SourceOptions.defaults().withColumns(columns))) {
            for (int i = 0; i < dataset.size(); i++) {
                Example example = dataset.example(i);
                byte[] pixels =
                        Arrays.copyOf(example.image().pixels(), example.image().length());
                Map<String, @Nullable Object> row = new TreeMap<>();
                row.put("width", example.image().width());
                row.put("height", example.image().height());
                row.put("channels", example.image().channels());
                row.put("pixels", Hashes.hex(Hashes.digest("SHA-256").digest(pixels)));
                row.put(
                        "label",
                        example.label() < 0 ? null : dataset.classNames().get(example.label()));
                row.put("caption", example.caption());
                rows.add(row);
            }
        }
        return rows;
    }

    private static @Nullable String name(String word) {
        return word.equals("-") ? null : word;
    }
}
