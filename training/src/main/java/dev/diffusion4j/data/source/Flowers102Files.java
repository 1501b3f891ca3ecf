// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.source;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.SourceOptions;
import dev.diffusion4j.data.Split;
import dev.diffusion4j.data.file.MatFile;
import dev.diffusion4j.data.file.TarFile;
import dev.diffusion4j.data.random.EpochOrder;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Oxford's 102 kinds of flowers: Nilsback and Zisserman (2008), 8,189 photos. The original archive and its two tables are fetched on
 * first use and unpacked into the cache. To train on are four fifths of each of the original's three parts, as the lesson on
 * continuous noise takes them, and to test on the other fifths: 6,551 and 1,638.
 *
 * @param files the archive and the tables
 */
public record Flowers102Files(FetchedFiles files) {
    static final String ARCHIVE = "102flowers.tgz";
    static final String LABELS = "imagelabels.mat";
    static final String PARTS = "setid.mat";
    private static final List<String> PART_NAMES = List.of("trnid", "valid", "tstid");
    private static final double TRAINED_SHARE = 0.8;

    public static final Flowers102Files FLOWERS = new Flowers102Files(new FetchedFiles(
            "flowers102",
            "DIFFUSION4J_FLOWERS102_URL",
            List.of(
                    "https://www.robots.ox.ac.uk/~vgg/data/flowers/102/",
                    "https://thor.robots.ox.ac.uk/datasets/flowers-102/"),
            Map.of(
                    ARCHIVE, "2d01ecc807db462958cfe3d92f57a8c252b4abd240eb955770201e45f783b246",
                    LABELS, "e0620be6f572b9609742df49c70aed4d",
                    PARTS, "a5357ecc9cb78c4bef273ce3793fc85c")));

    /** The data set, after fetching what the cache lacks of it. */
    public Dataset open(Split split, SourceOptions options) {
        Path folder = files.folder(options);
        Path pictures = folder.resolve("jpg");
        String otherwise = "with the photos in folders of your own use {data} folder:PATH";
        files.fetchMissing(List.of(LABELS, PARTS), options, otherwise);
        if (!Files.exists(pictures)) {
            files.fetchMissing(List.of(ARCHIVE), options, otherwise);
            Path archive = folder.resolve(ARCHIVE);
            AtomicFile.createFolder(pictures, into -> TarFile.unpack(archive, ".jpg", into));
            deleteQuietly(archive);
        }
        Map<String, int[]> labels = MatFile.read(folder.resolve(LABELS));
        Map<String, int[]> parts = MatFile.read(folder.resolve(PARTS));
        return new Flowers102Source(
                files.key() + " (" + split.key() + ")",
                FolderSource.open(pictures),
                ids(parts, split, folder.resolve(PARTS)),
                array(labels, "labels", folder.resolve(LABELS)),
                classNames());
    }

    private static void deleteQuietly(Path archive) {
        try {
            Files.deleteIfExists(archive);
        } catch (IOException e) {
            // what was unpacked is there; the archive only takes room
        }
    }

    /** Each part in an order by chance, since the table's is by class. */
    static int[] ids(Map<String, int[]> parts, Split split, Path file) {
        List<Integer> ids = new ArrayList<>();
        for (String name : PART_NAMES) {
            int[] part = array(parts, name, file);
            EpochOrder order = new EpochOrder(part.length, true, 0);
            int cut = (int) Math.round(TRAINED_SHARE * part.length);
            for (int i = split.hasTrain() ? 0 : cut; i < (split.hasTest() ? part.length : cut); i++) {
                ids.add(part[order.index(0, i)]);
            }
        }
        return ids.stream().mapToInt(Integer::intValue).toArray();
    }

    private static int[] array(Map<String, int[]> arrays, String name, Path file) {
        int[] array = arrays.get(name);
        if (array == null) {
            throw Problem.failure(file + " holds no array '" + name + "'; it holds " + arrays.keySet());
        }
        return array;
    }

    private static List<String> classNames() {
        try (InputStream in = Objects.requireNonNull(
                Flowers102Files.class.getResourceAsStream("/data/flowers102-classes.txt"), "flowers102-classes.txt")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
