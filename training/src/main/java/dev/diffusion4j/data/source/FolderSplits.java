// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.source;

import dev.diffusion4j.base.Nearest;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.Split;
import dev.diffusion4j.data.parquet.Features;
import dev.diffusion4j.data.repository.DatasetLayout;
import dev.diffusion4j.data.repository.SplitNames;
import dev.diffusion4j.data.source.FolderScan.Found;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The parts of a folder of pictures, by the names of folders and files in it ({@code train/}, {@code test/}, …), as the {@code
 * imagefolder} of Python's {@code datasets} finds them. Where there is no training part, the folder is one whole.
 */
public final class FolderSplits {
    private static final Logger LOG = LoggerFactory.getLogger(FolderSplits.class);

    /** A folder, and a part of it; empty for the training part. */
    public record Place(Path root, String split) {}

    private FolderSplits() {}

    /** Of {@code PATH} or {@code PATH:SPLIT}; a path may hold colons itself: what exists is not a part. */
    public static Place place(String text) {
        int colon = text.lastIndexOf(':');
        boolean isPart =
                colon > 0 && text.indexOf('/', colon) < 0 && !isFolder(text) && isFolder(text.substring(0, colon));
        return isPart
                ? new Place(Path.of(text.substring(0, colon)), text.substring(colon + 1))
                : new Place(Path.of(text), "");
    }

    private static boolean isFolder(String text) {
        try {
            return Files.isDirectory(Path.of(text));
        } catch (InvalidPathException e) {
            return false;
        }
    }

    /**
     * The part that {@code place} names; empty for every picture, without parts.
     *
     * @throws Problem (a wrong request) where there is no such part, naming those that are there
     */
    static Optional<DatasetLayout.Part> part(Place place, FolderScan scan) {
        Map<String, List<String>> splits = splits(scan);
        boolean isUsual = place.split().isEmpty();
        if (place.split().equals(Split.ALL.key()) || isUsual && !splits.containsKey(Split.TRAIN.key())) {
            return Optional.empty();
        }
        String split = isUsual ? Split.TRAIN.key() : place.split();
        List<String> files = splits.get(split);
        if (files == null) {
            throw Problem.request("folder:" + place.root() + " has no part " + split
                    + Nearest.hint(split, splits.keySet())
                    + (splits.isEmpty() ? ": none of its folders or files is named train, test, …" : "; it has ")
                    + String.join(", ", splits.keySet()));
        }
        long used = files.stream().filter(FolderSplits::isPicture).count();
        if (isUsual && used < scan.pictures().size()) {
            LOG.warn(
                    "folder:{} has the parts {}: {} of {} pictures are used, those of {} (folder:{}:all uses all)",
                    place.root(),
                    String.join(", ", splits.keySet()),
                    used,
                    scan.pictures().size(),
                    split,
                    place.root());
        }
        List<String> all = splits.values().stream().flatMap(List::stream).toList();
        return Optional.of(new DatasetLayout.Part("default", split, files, all, false, Features.NONE));
    }

    /** Those that hold pictures. */
    private static Map<String, List<String>> splits(FolderScan scan) {
        Stream<String> pictures = scan.pictures().stream().map(Found::name);
        Stream<String> metadata = scan.others().stream().filter(DatasetLayout::isMetadata);
        Map<String, List<String>> splits = new LinkedHashMap<>();
        SplitNames.named(Stream.concat(pictures, metadata).toList()).forEach((split, files) -> {
            if (files.stream().anyMatch(FolderSplits::isPicture)) {
                splits.put(split, files);
            }
        });
        return splits;
    }

    private static boolean isPicture(String name) {
        return !DatasetLayout.isMetadata(name);
    }
}
