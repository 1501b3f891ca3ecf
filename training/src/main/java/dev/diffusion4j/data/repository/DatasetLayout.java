// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.repository;

import dev.diffusion4j.base.Nearest;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.decode.PictureEndings;
import dev.diffusion4j.data.parquet.Features;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The configurations and splits of a data set: those that its card names, or those that the files' names show. */
public final class DatasetLayout {
    private static final Logger LOG = LoggerFactory.getLogger(DatasetLayout.class);
    private static final Set<String> PARQUET = Set.of("parquet", "geoparquet", "gpq");
    private static final Set<String> METADATA = Set.of("metadata.csv", "metadata.jsonl");

    private final FileTree tree;
    private final DatasetCard card;
    private final List<DatasetCard.Config> configs;

    private DatasetLayout(FileTree tree, DatasetCard card) {
        this.tree = tree;
        this.card = card;
        configs = card.configs();
    }

    /**
     * Reads the card, where there is one.
     *
     * @throws Problem (a failure) where the card cannot be had, or is not sound
     */
    public static DatasetLayout of(FileTree tree) {
        boolean isThere = tree.names().contains(DatasetCard.FILE);
        DatasetCard card = isThere
                ? DatasetCard.read(
                        tree.fetch(List.of(DatasetCard.FILE)).resolve(DatasetCard.FILE),
                        tree.description() + ", " + DatasetCard.FILE)
                : DatasetCard.none();
        return new DatasetLayout(tree, card);
    }

    /**
     * One split of one configuration.
     *
     * @param all files of all splits, which have their classes in common
     * @param isParquet whether its files are Parquet; else they are pictures, with their metadata
     * @param features what the card says of columns
     */
    public record Part(
            String config, String split, List<String> files, List<String> all, boolean isParquet, Features features) {}

    /**
     * The files of a part.
     *
     * @param words at most two: a configuration and a split, or one of both; the default ones where there is none
     * @throws Problem (a wrong request) where there is no such part, naming those that are there; (a failure) where there are no
     *     data that can be read
     */
    public Part part(List<String> words) {
        String first = words.isEmpty() ? "" : words.get(0);
        String config = words.size() > 1 || isConfig(first) ? first : "";
        String split = words.size() > 1 ? words.get(1) : config.isEmpty() ? first : "";
        String chosen = config(config);
        Map<String, List<String>> splits = splits(chosen);
        boolean isParquet = isParquet(splits);
        if (!isParquet) {
            PictureEndings.notRead(
                            splits.values().stream().flatMap(List::stream).toList())
                    .ifPresent(
                            counts -> LOG.warn("{} holds pictures that are not read: {}", tree.description(), counts));
        }
        Map<String, List<String>> data =
                withData(splits, isParquet ? DatasetLayout::isParquet : DatasetLayout::isFolderFile);
        if (data.isEmpty()) {
            throw noData(splits);
        }
        String wanted =
                split.isEmpty() && data.size() == 1 ? data.keySet().iterator().next() : split;
        wanted = wanted.isEmpty() ? SplitNames.TRAIN : wanted;
        List<String> files = data.get(wanted);
        if (files == null) {
            Set<String> choices = new LinkedHashSet<>(data.keySet());
            if (words.size() == 1 && configs.size() > 1) {
                configs.forEach(each -> choices.add(each.name()));
            }
            throw Problem.request(tree.description() + " has no split " + wanted + Nearest.hint(wanted, choices)
                    + "; it has " + String.join(", ", data.keySet())
                    + (configs.size() > 1 ? "; its configurations: " + names(configs) : ""));
        }
        List<String> all = data.values().stream().flatMap(List::stream).toList();
        return new Part(chosen, wanted, files, all, isParquet, card.features(chosen));
    }

    /** The splits that hold data, each with those of its files that are read. */
    private static Map<String, List<String>> withData(Map<String, List<String>> splits, Predicate<String> isRead) {
        Map<String, List<String>> data = new LinkedHashMap<>();
        splits.forEach((name, files) -> {
            List<String> kept = files.stream().filter(isRead).toList();
            if (kept.stream().anyMatch(file -> !isMetadata(file))) {
                data.put(name, kept);
            }
        });
        return data;
    }

    private boolean isConfig(String word) {
        return !word.isEmpty()
                && (configs.stream().anyMatch(each -> each.name().equals(word))
                        || configs.isEmpty() && (word.equals(DatasetCard.DEFAULT) || isFolderWithData(word)));
    }

    private boolean isFolderWithData(String folder) {
        return tree.names().stream().anyMatch(name -> name.startsWith(folder + "/") && isParquet(name))
                && !SplitNames.of(tree.names()).containsKey(folder);
    }

    private String config(String wanted) {
        if (configs.isEmpty()) {
            if (wanted.isEmpty() || wanted.equals(DatasetCard.DEFAULT) || isFolderWithData(wanted)) {
                return wanted.isEmpty() ? DatasetCard.DEFAULT : wanted;
            }
            throw Problem.request(tree.description() + " has no configuration " + wanted + "; it has one, "
                    + DatasetCard.DEFAULT + ": omit it");
        }
        if (wanted.isEmpty()) {
            return configs.stream()
                    .filter(each -> each.isDefault() || configs.size() == 1)
                    .map(DatasetCard.Config::name)
                    .findFirst()
                    .orElseThrow(() -> Problem.request(tree.description()
                            + " has several configurations and no default one: name one of " + names(configs)));
        }
        List<String> all = configs.stream().map(DatasetCard.Config::name).toList();
        if (!all.contains(wanted)) {
            throw Problem.request(tree.description() + " has no configuration " + wanted + Nearest.hint(wanted, all)
                    + "; it has " + names(configs));
        }
        return wanted;
    }

    private static String names(List<DatasetCard.Config> configs) {
        return configs.stream().map(DatasetCard.Config::name).collect(Collectors.joining(", "));
    }

    private Map<String, List<String>> splits(String config) {
        DatasetCard.@Nullable Config known = configs.stream()
                .filter(each -> each.name().equals(config))
                .findFirst()
                .orElse(null);
        String folder = known != null ? known.folder() : config.equals(DatasetCard.DEFAULT) ? "" : config;
        String prefix = folder.isEmpty() ? "" : folder + "/";
        List<String> inside =
                tree.names().stream().filter(name -> name.startsWith(prefix)).toList();
        Map<String, List<String>> splits = new LinkedHashMap<>();
        if (known == null || known.files().isEmpty()) {
            List<String> below =
                    inside.stream().map(name -> name.substring(prefix.length())).toList();
            SplitNames.of(below)
                    .forEach((split, files) -> splits.put(
                            split, files.stream().map(file -> prefix + file).toList()));
            return splits;
        }
        known.files().forEach((split, patterns) -> {
            Set<String> files = new LinkedHashSet<>();
            for (String pattern : patterns) {
                Glob glob = Glob.of(prefix + pattern.replaceFirst("^\\./", ""));
                List<String> found = inside.stream().filter(glob::matches).toList();
                if (found.isEmpty() && glob.isOneName()) {
                    throw Problem.failure(tree.description() + ", " + DatasetCard.FILE + ": the configuration " + config
                            + " names " + glob.text() + ", which is not there");
                }
                files.addAll(found);
            }
            splits.put(split, List.copyOf(files));
        });
        return splits;
    }

    /** What most files are; Parquet where there are as many of both, as {@code datasets} decides. */
    private static boolean isParquet(Map<String, List<String>> splits) {
        return count(splits, DatasetLayout::isParquet) >= count(splits, DatasetLayout::isImage);
    }

    private static long count(Map<String, List<String>> splits, Predicate<String> included) {
        return splits.values().stream().flatMap(List::stream).filter(included).count();
    }

    private Problem noData(Map<String, List<String>> splits) {
        Map<String, Integer> endings = new TreeMap<>();
        splits.values().stream()
                .flatMap(List::stream)
                .forEach(name -> endings.merge("." + PictureEndings.of(name), 1, Integer::sum));
        List<String> counts = new ArrayList<>();
        endings.forEach((ending, count) -> counts.add(count + " " + ending));
        return Problem.failure(
                tree.description() + " has no Parquet files and no pictures that can be read"
                        + (counts.isEmpty() ? ": it is empty" : " (it has " + String.join(", ", counts) + ")")
                        + "; the Hub keeps many data sets as Parquet at the revision refs/convert/parquet: @refs/convert/parquet");
    }

    private static boolean isParquet(String name) {
        return PARQUET.contains(PictureEndings.of(name));
    }

    private static boolean isImage(String name) {
        return PictureEndings.isRead(name);
    }

    /** Whether a file of this name describes pictures. */
    public static boolean isMetadata(String name) {
        return METADATA.contains(name.substring(name.lastIndexOf('/') + 1));
    }

    private static boolean isFolderFile(String name) {
        return isImage(name) || isMetadata(name);
    }
}
