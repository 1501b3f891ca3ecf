// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.repository;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which file belongs to which split, by its name alone, where no card says so: the rules of {@code datasets/data_files.py}
 * (Apache-2.0), in its order. First {@code data/SPLIT-00000-of-00001.*}; then folders named train, test, …; then files named so;
 * else all files are {@code train}.
 */
public final class SplitNames {
    static final String TRAIN = "train";

    private static final Pattern SHARD = Pattern.compile("data/(\\w+(?:\\.\\w+)*)-\\d{5}-of-\\d{5}[^/]*\\.[^/]*");
    private static final Map<String, String> KEYWORDS = new LinkedHashMap<>();

    static {
        KEYWORDS.put(TRAIN, "train|training");
        KEYWORDS.put("validation", "validation|valid|dev|val");
        KEYWORDS.put("test", "test|testing|eval|evaluation");
    }

    private static final Set<String> NO_DATA = Set.of(
            "README.md",
            "config.json",
            "dataset_info.json",
            "dataset_infos.json",
            "dummy_data.zip",
            "dataset_dict.json");
    private static final String SEPARATOR = "[-._ 0-9]";

    private SplitNames() {}

    /** Each split's files, in the order of their names; where no name says so, all are {@code train}. Empty where there are no files. */
    static Map<String, List<String>> of(Collection<String> names) {
        Map<String, List<String>> splits = named(names);
        List<String> all = names.stream().filter(SplitNames::isData).sorted().toList();
        return !splits.isEmpty() || all.isEmpty() ? splits : Map.of(TRAIN, all);
    }

    /** As {@link #of}, but empty where no name names a split. A file whose name names none, among others that do, is in none. */
    public static Map<String, List<String>> named(Collection<String> names) {
        List<String> all = names.stream().filter(SplitNames::isData).sorted().toList();
        Map<String, List<String>> splits = shards(all);
        if (splits.isEmpty()) {
            splits = byKeyword(all, "(?:.*/)?(?:[^/]*" + SEPARATOR + ")?(?:%s)(?:" + SEPARATOR + "[^/]*)?/.+");
        }
        if (splits.isEmpty()) {
            splits = byKeyword(all, "(?:.*/)?(?:[^/]*" + SEPARATOR + ")?(?:%s)" + SEPARATOR + "[^/]*");
        }
        return splits;
    }

    private static boolean isData(String path) {
        return !NO_DATA.contains(path.substring(path.lastIndexOf('/') + 1))
                && Glob.of("**").matches(path);
    }

    private static Map<String, List<String>> shards(List<String> all) {
        Map<String, List<String>> found = new LinkedHashMap<>();
        for (String name : all) {
            Matcher matcher = SHARD.matcher(name);
            if (matcher.matches()) {
                found.computeIfAbsent(matcher.group(1), key -> new ArrayList<>())
                        .add(name);
            }
        }
        Map<String, List<String>> ordered = new LinkedHashMap<>();
        Set<String> order = new LinkedHashSet<>(KEYWORDS.keySet());
        order.addAll(new TreeSet<>(found.keySet()));
        for (String split : order) {
            List<String> files = found.get(split);
            if (files != null) {
                ordered.put(split, files);
            }
        }
        return ordered;
    }

    private static Map<String, List<String>> byKeyword(List<String> all, String form) {
        Map<String, List<String>> splits = new LinkedHashMap<>();
        KEYWORDS.forEach((split, words) -> {
            Pattern pattern = Pattern.compile(form.replace("%s", words));
            List<String> files =
                    all.stream().filter(name -> pattern.matcher(name).matches()).toList();
            if (!files.isEmpty()) {
                splits.put(split, files);
            }
        });
        return splits;
    }
}
