// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.repository;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.parquet.Features;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Yaml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the front matter of a data set's {@code README.md} says: its configurations, and what columns hold. */
final class DatasetCard {
    static final String FILE = "README.md";
    static final String DEFAULT = "default";

    /**
     * One configuration.
     *
     * @param folder that holds its data where no files are named, or nothing
     * @param files patterns of each split's files; empty where their names show them
     */
    record Config(String name, boolean isDefault, String folder, Map<String, List<String>> files) {}

    private final Map<String, @Nullable Object> matter;
    private final String where;

    private DatasetCard(Map<String, @Nullable Object> matter, String where) {
        this.matter = matter;
        this.where = where;
    }

    /** Of a data set without one. */
    static DatasetCard none() {
        return new DatasetCard(Map.of(), "");
    }

    /** @throws Problem (a failure) where its front matter is no YAML */
    static DatasetCard read(Path file, String where) {
        try {
            String text = Files.readString(file);
            List<String> lines = (text.startsWith("\ufeff") ? text.substring(1) : text)
                    .lines()
                    .toList();
            int end = lines.isEmpty() || !lines.get(0).strip().equals("---")
                    ? -1
                    : lines.subList(1, lines.size()).indexOf("---");
            return end < 0
                    ? none()
                    : new DatasetCard(Yaml.parseObject(String.join("\n", lines.subList(1, end + 1)), where), where);
        } catch (IOException e) {
            throw Problem.failure("cannot read " + where + ": " + AtomicFile.reason(e), e);
        }
    }

    /** In the card's order; empty where it names none. */
    List<Config> configs() {
        List<Config> configs = new ArrayList<>();
        if (matter.get("configs") instanceof List<?> list) {
            for (Object entry : list) {
                configs.add(config(Json.object(entry instanceof Map ? entry : Map.of())));
            }
        }
        return configs;
    }

    private Config config(Map<String, @Nullable Object> entry) {
        if (!(entry.get("config_name") instanceof String name)) {
            throw Problem.failure(where + ": a configuration of configs has no config_name");
        }
        String folder = entry.get("data_dir") instanceof String text ? text.replaceAll("^\\./|/+$", "") : "";
        boolean isDefault = name.equals(DEFAULT) || Boolean.TRUE.equals(entry.get("default"));
        return new Config(name, isDefault, folder, splits(entry.get("data_files"), name));
    }

    /** A pattern, patterns, or {@code [{split: …, path: …}]}. */
    private Map<String, List<String>> splits(@Nullable Object files, String config) {
        Map<String, List<String>> splits = new LinkedHashMap<>();
        if (files instanceof List<?> list && list.stream().allMatch(Map.class::isInstance)) {
            for (Object entry : list) {
                Map<String, @Nullable Object> split = Json.object(entry);
                if (!(split.get("split") instanceof String name)) {
                    throw Problem.failure(where + ": data_files of " + config + " must name a split for each path");
                }
                splits.put(name, patterns(split.get("path"), config));
            }
        } else if (files != null) {
            splits.put(SplitNames.TRAIN, patterns(files, config));
        }
        return splits;
    }

    private List<String> patterns(@Nullable Object value, String config) {
        List<?> list = value instanceof List<?> several ? several : java.util.Collections.singletonList(value);
        List<String> patterns = new ArrayList<>();
        for (Object pattern : list) {
            if (!(pattern instanceof String text)) {
                throw Problem.failure(
                        where + ": data_files of " + config + " must be paths, but one is " + Json.describe(pattern));
            }
            patterns.add(text);
        }
        return patterns;
    }

    /** What the card declares of a configuration's columns. */
    Features features(String config) {
        Object info = matter.get("dataset_info");
        if (info instanceof List<?> list) {
            for (Object entry : list) {
                if (entry instanceof Map && config.equals(Json.object(entry).get("config_name"))) {
                    return Features.ofCard(entry);
                }
            }
            return Features.NONE;
        }
        return Features.ofCard(info);
    }
}
