// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.source;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.BrokenExampleException;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.Example;
import dev.diffusion4j.data.parquet.ColumnChoice;
import dev.diffusion4j.data.parquet.Features;
import dev.diffusion4j.data.parquet.ImageColumns;
import dev.diffusion4j.data.parquet.ImagePack;
import dev.diffusion4j.data.parquet.ImagePacker;
import dev.diffusion4j.data.parquet.ParquetTable;
import dev.diffusion4j.data.transform.ImageTransform;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Pictures in Parquet files, as Python's {@code datasets} writes them, in the files' order. At first use each file is read once, a
 * page at a time, and its pictures are kept as they are, undecoded, in the cache ({@link ImagePack}): from there any is had at
 * once, in any order, and nothing of them stays in memory.
 */
final class ParquetSource implements Dataset {
    private static final Logger LOG = LoggerFactory.getLogger(ParquetSource.class);
    private static final int LARGEST_NATURAL = 64;
    /** Changes where what is kept changes. */
    private static final String VERSION = "pack 1";

    /**
     * One file.
     *
     * @param name for messages
     * @param hash changes with its content
     */
    record Table(Path path, String name, String hash) {}

    private final String description;
    private final List<Table> tables;
    private final List<ImagePack> packs;
    private final int[] starts;
    private final ImageColumns columns;
    private final List<String> classNames;
    /** Where classes are words: from a pack's numbers to ours. */
    private final int @Nullable [][] labels;

    private ParquetSource(String description, List<Table> tables, List<ImagePack> packs, ImageColumns columns) {
        this.description = description;
        this.tables = tables;
        this.packs = packs;
        this.columns = columns;
        starts = new int[packs.size() + 1];
        for (int i = 0; i < packs.size(); i++) {
            starts[i + 1] = Math.addExact(starts[i], packs.get(i).size());
        }
        int highest = packs.stream().mapToInt(ImagePack::highestLabel).max().orElse(-1);
        if (columns.labelIsText()) {
            TreeSet<String> words = new TreeSet<>();
            packs.forEach(pack -> words.addAll(pack.words()));
            classNames = List.copyOf(words);
            labels = packs.stream()
                    .map(pack -> pack.words().stream()
                            .mapToInt(word -> java.util.Collections.binarySearch(classNames, word))
                            .toArray())
                    .toArray(int[][]::new);
        } else {
            classNames = columns.label() == null || !columns.classNames().isEmpty()
                    ? columns.classNames()
                    : IntStream.rangeClosed(0, highest)
                            .mapToObj(String::valueOf)
                            .toList();
            labels = null;
        }
    }

    /**
     * Opens the files' packs, and makes those that are not there.
     *
     * @param tables in the data set's order, one at least
     * @param card what the data set's card says of the columns
     * @param files gets pictures that a table only names
     * @param folder where packs are kept
     * @throws Problem (a failure) where a file is no sound Parquet file, or there is no picture in any; (a wrong request) as {@link
     *     ImageColumns#find}
     */
    static ParquetSource open(
            String description,
            List<Table> tables,
            ColumnChoice choice,
            Features card,
            ImagePacker.Files files,
            Path folder) {
        List<ImagePack> packs = new ArrayList<>();
        ImageColumns columns = null;
        try {
            for (Table table : tables) {
                try (ParquetTable opened = ParquetTable.open(table.path(), table.name())) {
                    ImageColumns own = ImageColumns.find(opened, choice, card, table.name());
                    if (columns != null && !columns.equals(own)) {
                        throw Problem.failure(table.name() + " has other columns (" + own.text() + ") or classes than "
                                + tables.get(0).name() + " (" + columns.text() + ")");
                    }
                    columns = own;
                    packs.add(pack(opened, table, own, files, folder));
                }
            }
            if (columns != null) {
                LOG.info("{}: columns {}", description, columns.text());
            }
            if (columns == null || packs.stream().allMatch(pack -> pack.size() == 0)) {
                throw Problem.failure(description + " is empty: it has no rows");
            }
            return new ParquetSource(description, List.copyOf(tables), packs, columns);
        } catch (Throwable e) {
            packs.forEach(ImagePack::close);
            throw e;
        }
    }

    private static ImagePack pack(
            ParquetTable opened, Table table, ImageColumns columns, ImagePacker.Files files, Path folder) {
        String key = Hashes.sha256(String.join("\n", VERSION, table.hash(), columns.toString()));
        Path target = folder.resolve(key + ".pack");
        Optional<ImagePack> known = ImagePack.open(target);
        if (known.isPresent()) {
            return known.get();
        }
        LOG.info("copying {} pictures of {} to {}", opened.rows(), table.name(), folder);
        ImagePacker.write(opened, columns, files, target, table.name());
        return ImagePack.open(target)
                .orElseThrow(() -> Problem.failure("cannot read what was just written to " + target));
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public int size() {
        return starts[packs.size()];
    }

    @Override
    public int channels() {
        return packs.stream().allMatch(pack -> pack.allGrey() || pack.size() == 0) ? 1 : 3;
    }

    @Override
    public int naturalSize() {
        int[] sides = packs.stream()
                .filter(pack -> pack.size() > 0)
                .mapToInt(ImagePack::side)
                .distinct()
                .toArray();
        return sides.length == 1 && sides[0] > 0 ? Math.min(sides[0], LARGEST_NATURAL) : LARGEST_NATURAL;
    }

    @Override
    public List<String> classNames() {
        return classNames;
    }

    @Override
    public @Nullable String caption(int index) {
        int pack = pack(index);
        try {
            return packs.get(pack).caption(index - starts[pack]);
        } catch (IOException e) {
            throw broken(pack, index, AtomicFile.reason(e), e);
        }
    }

    @Override
    public Example example(int index) {
        return read(index).decoded();
    }

    @Override
    public Example prepared(int index, ImageTransform transform) {
        return read(index).prepared(transform);
    }

    private EncodedImage read(int index) {
        int number = pack(index);
        ImagePack pack = packs.get(number);
        int row = index - starts[number];
        try {
            byte[] image = pack.image(row);
            String caption = pack.caption(row);
            if (image == null) {
                throw broken(number, index, String.valueOf(caption), null);
            }
            return new EncodedImage(image, label(index), caption, name(number, row));
        } catch (IOException e) {
            throw broken(number, index, AtomicFile.reason(e), e);
        }
    }

    @Override
    public int label(int index) {
        int number = pack(index);
        int label = packs.get(number).label(index - starts[number]);
        return label >= 0 && labels != null ? labels[number][label] : label;
    }

    @Override
    public String name(int index) {
        int number = pack(index);
        return tables.get(number).path().getFileName() + ", row " + (index - starts[number]);
    }

    private int pack(int index) {
        java.util.Objects.checkIndex(index, size());
        int at = Arrays.binarySearch(starts, index);
        while (at >= 0 && at < packs.size() && starts[at + 1] == index) {
            at++; // an empty file
        }
        return at >= 0 ? at : -at - 2;
    }

    private String name(int pack, int row) {
        return tables.get(pack).name() + ", row " + row;
    }

    private BrokenExampleException broken(int pack, int index, String reason, @Nullable Throwable cause) {
        String message = name(pack, index - starts[pack]) + ": " + reason;
        return cause == null ? new BrokenExampleException(message) : new BrokenExampleException(message, cause);
    }

    @Override
    public Map<String, String> contents() {
        Map<String, String> contents = Dataset.super.contents();
        contents.put("columns", columns.text());
        tables.forEach(table -> contents.put(String.valueOf(table.path().getFileName()), Hashes.sha256(table.hash())));
        return contents;
    }

    @Override
    public String fingerprint() {
        List<String> parts = new ArrayList<>(List.of(columns.toString()));
        tables.forEach(table -> parts.add(table.hash()));
        return Hashes.sha256(String.join("\n", parts));
    }

    @Override
    public void close() {
        packs.forEach(ImagePack::close);
    }
}
