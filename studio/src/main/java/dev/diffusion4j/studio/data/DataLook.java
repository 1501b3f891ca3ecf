// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.data;

import dev.diffusion4j.data.BrokenExampleException;
import dev.diffusion4j.data.Dataset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a page shows of a data set without decoding it: a part of its pictures, and how many there are of each class. */
final class DataLook {
    private static final int MOST = 200;

    /**
     * What is looked for.
     *
     * @param label of a class; −1 for all
     * @param words that stand in the name or the caption; empty for all
     */
    record Wanted(int label, String words, int offset, int limit) {}

    private final Dataset dataset;
    private final Wanted wanted;

    private DataLook(Dataset dataset, Wanted wanted) {
        this.dataset = dataset;
        this.wanted = wanted;
    }

    static Map<String, Object> of(Dataset dataset, Wanted wanted, boolean isEditable) {
        return new DataLook(dataset, wanted).answer(isEditable);
    }

    private Map<String, Object> answer(boolean isEditable) {
        List<Integer> found = new ArrayList<>();
        int[] counts = new int[dataset.classNames().size()];
        int captions = 0;
        for (int i = 0; i < dataset.size(); i++) {
            int label = label(i);
            if (label >= 0 && label < counts.length) {
                counts[label]++;
            }
            String caption = caption(i);
            captions += caption == null ? 0 : 1;
            if ((wanted.label() < 0 || wanted.label() == label) && matches(i, caption)) {
                found.add(i);
            }
        }
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("description", dataset.description());
        map.put("size", dataset.size());
        map.put("natural_size", dataset.naturalSize());
        map.put("channels", dataset.channels());
        map.put("captions", captions);
        map.put("is_editable", isEditable);
        List<Object> classes = new ArrayList<>();
        for (int i = 0; i < counts.length; i++) {
            classes.add(List.of(dataset.classNames().get(i), counts[i]));
        }
        map.put("classes", classes);
        map.put("found", found.size());
        int from = Math.min(found.size(), Math.max(0, wanted.offset()));
        int to = Math.min(found.size(), from + Math.min(MOST, Math.max(1, wanted.limit())));
        map.put("items", found.subList(from, to).stream().map(this::item).toList());
        return map;
    }

    private boolean matches(int index, @Nullable String caption) {
        String words = wanted.words().toLowerCase(Locale.ROOT);
        return words.isEmpty()
                || dataset.name(index).toLowerCase(Locale.ROOT).contains(words)
                || caption != null && caption.toLowerCase(Locale.ROOT).contains(words);
    }

    private Map<String, @Nullable Object> item(int index) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("index", index);
        map.put("name", dataset.name(index));
        map.put("label", label(index));
        map.put("caption", caption(index));
        return map;
    }

    private int label(int index) {
        try {
            return dataset.classNames().isEmpty() ? -1 : dataset.label(index);
        } catch (BrokenExampleException e) {
            return -1;
        }
    }

    private @Nullable String caption(int index) {
        try {
            return dataset.caption(index);
        } catch (BrokenExampleException e) {
            return null;
        }
    }
}
