// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.parquet;

import dev.diffusion4j.json.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What Python's {@code datasets} says of columns, beyond what Parquet can: which hold pictures, which hold classes.
 *
 * @param images columns of pictures
 * @param classes the names of each column of classes, class 0 first
 */
public record Features(Set<String> images, Map<String, List<String>> classes) {
    /** None are declared. */
    public static final Features NONE = new Features(Set.of(), Map.of());

    private static final String NOTE = "huggingface";

    /** What a Parquet file's own note says, {@code {"info": {"features": {COLUMN: {"_type": "ClassLabel", …}}}}}; empty without one. */
    static Features ofNotes(Map<String, String> notes, String where) {
        String note = notes.get(NOTE);
        if (note == null) {
            return NONE;
        }
        Object features = inside(inside(Json.parseObject(note, where + ", note " + NOTE), "info"), "features");
        Set<String> images = new LinkedHashSet<>();
        Map<String, List<String>> classes = new LinkedHashMap<>();
        if (features instanceof Map) {
            Json.object(features).forEach((column, feature) -> {
                Object type = inside(feature, "_type");
                if ("Image".equals(type)) {
                    images.add(column);
                } else if ("ClassLabel".equals(type)) {
                    classes.put(column, names(inside(feature, "names")));
                }
            });
        }
        return new Features(images, classes);
    }

    /** What the front matter of a data set's card says, {@code features: [{name: …, dtype: {class_label: {names: {'0': …}}}}]}. */
    public static Features ofCard(@Nullable Object datasetInfo) {
        Set<String> images = new LinkedHashSet<>();
        Map<String, List<String>> classes = new LinkedHashMap<>();
        if (inside(datasetInfo, "features") instanceof List<?> features) {
            for (Object feature : features) {
                String column = String.valueOf(inside(feature, "name"));
                Object type = inside(feature, "dtype");
                Object names = inside(inside(type, "class_label"), "names");
                if ("image".equals(type)) {
                    images.add(column);
                } else if (names != null) {
                    classes.put(column, names(names));
                }
            }
        }
        return new Features(images, classes);
    }

    /** These, and those of {@code other} where these say nothing. */
    Features or(Features other) {
        Set<String> allImages = new LinkedHashSet<>(images);
        allImages.addAll(other.images);
        Map<String, List<String>> allClasses = new LinkedHashMap<>(other.classes);
        allClasses.putAll(classes);
        return new Features(allImages, allClasses);
    }

    private static @Nullable Object inside(@Nullable Object map, String key) {
        return map instanceof Map ? Json.object(map).get(key) : null;
    }

    private static List<String> names(@Nullable Object names) {
        List<String> all = new ArrayList<>();
        if (names instanceof List<?> list) {
            list.forEach(name -> all.add(String.valueOf(name)));
        } else if (names instanceof Map) {
            Map<String, @Nullable Object> byNumber = Json.object(names);
            for (int i = 0; byNumber.containsKey(String.valueOf(i)); i++) {
                all.add(String.valueOf(byNumber.get(String.valueOf(i))));
            }
        }
        return all;
    }
}
