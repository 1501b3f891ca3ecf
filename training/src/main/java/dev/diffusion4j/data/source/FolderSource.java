// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.source;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.BrokenExampleException;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.Example;
import dev.diffusion4j.data.decode.PictureEndings;
import dev.diffusion4j.data.parquet.ColumnChoice;
import dev.diffusion4j.data.repository.DatasetLayout;
import dev.diffusion4j.data.source.FolderScan.Found;
import dev.diffusion4j.data.transform.ImageTransform;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Picture files in a folder and the folders in it, in the order of their names. Where each lies in a folder of its own class
 * ({@code cats/1.jpg}), the first folder's name is the class; where some lie at the top there are no classes. Captions come from
 * {@code metadata.jsonl} or {@code metadata.csv} ({@link Captions}), or where there is neither, from the text files beside the pictures ({@code 1.txt} for {@code 1.jpg}). Files and folders whose names begin with a dot are passed over;
 * pictures of kinds that are not read are counted in a warning.
 */
public final class FolderSource implements Dataset {
    private static final Logger LOG = LoggerFactory.getLogger(FolderSource.class);

    private final String description;
    private final Path root;
    private final List<Found> files;
    private final UnaryOperator<String> classOf;
    private final List<String> classNames;
    private final Map<String, String> captions;

    /** @param classOf the class of a file by its name, where there are classes */
    private FolderSource(
            String description,
            Path root,
            List<Found> files,
            UnaryOperator<String> classOf,
            List<String> classNames,
            Map<String, String> captions) {
        this.description = description;
        this.root = root;
        this.classOf = classOf;
        this.files = files;
        this.classNames = classNames;
        this.captions = captions;
    }

    /**
     * Lists the files.
     *
     * @throws Problem (a failure) where there is no such folder or no picture in it, or {@code metadata.jsonl} is not sound
     */
    public static FolderSource open(Path root) {
        return of(root, scan(root), ColumnChoice.FOUND);
    }

    /**
     * The training part of a folder, or another part, as {@link FolderSplits} finds it.
     *
     * @param text {@code PATH} or {@code PATH:SPLIT}; {@code all} is every picture
     * @param columns with the column of {@code metadata.jsonl} or {@code metadata.csv} that holds the captions
     * @throws Problem as {@link #open(Path)}; (a wrong request) where there is no such split
     */
    public static FolderSource open(String text, ColumnChoice columns) {
        FolderSplits.Place place = FolderSplits.place(text);
        checkColumns(columns);
        FolderScan scan = scan(place.root());
        Optional<DatasetLayout.Part> part = FolderSplits.part(place, scan);
        return part.isPresent()
                ? ofPart("folder:" + place.root() + " (" + part.get().split() + ")", place.root(), part.get(), columns)
                : of(place.root(), scan, columns);
    }

    private static FolderScan scan(Path root) {
        if (!Files.isDirectory(root)) {
            throw Problem.failure("there is no folder " + root);
        }
        FolderScan scan = FolderScan.of(root);
        Optional<String> notRead = PictureEndings.notRead(scan.others());
        if (scan.pictures().isEmpty()) {
            throw Problem.failure(root + " holds no pictures (files ending in " + PictureEndings.text() + ")"
                    + notRead.map(counts -> "; not read: " + counts).orElse(""));
        }
        notRead.ifPresent(counts -> LOG.warn("{} holds pictures that are not read: {}", root, counts));
        return scan;
    }

    private static FolderSource of(Path root, FolderScan scan, ColumnChoice columns) {
        List<Found> files = scan.pictures();
        TreeSet<String> folders = new TreeSet<>();
        files.forEach(file -> folders.add(firstFolder(file.name())));
        boolean flat = folders.contains("");
        if (flat && folders.size() > 1) {
            LOG.warn("{} has pictures at its top and in folders; they are taken together, without classes", root);
        }
        List<String> names = files.stream().map(Found::name).toList();
        return new FolderSource(
                "folder:" + root,
                root,
                files,
                FolderSource::firstFolder,
                flat ? List.of() : List.copyOf(folders),
                captions(root, scan, names, columns));
    }

    /** Of the metadata; where there is none, of the text files beside the pictures. */
    private static Map<String, String> captions(Path root, FolderScan scan, List<String> names, ColumnChoice columns) {
        List<String> metadata = Captions.files(root, names);
        if (metadata.isEmpty() && columns.caption() == null) {
            Set<String> texts =
                    scan.others().stream().filter(name -> name.endsWith(".txt")).collect(Collectors.toSet());
            return Captions.readTexts(root, texts, names);
        }
        return Captions.read(root, metadata, names, columns.caption());
    }

    /**
     * One split of a data set in folders, with classes as Python's {@code datasets} has them: the folder that a file lies in, where
     * all splits together have several, all as deep, and no metadata.
     *
     * @param root below which the split's files are
     */
    public static FolderSource ofPart(String description, Path root, DatasetLayout.Part part, ColumnChoice columns) {
        checkColumns(columns);
        List<String> metadata =
                part.files().stream().filter(FolderSource::isMetadata).toList();
        List<String> names = pictures(part.files());
        List<Found> files = new ArrayList<>();
        TreeSet<String> folders = new TreeSet<>();
        for (String name : names) {
            try {
                files.add(new Found(name, Files.size(root.resolve(name))));
            } catch (IOException e) {
                throw Problem.failure("cannot read " + root.resolve(name) + ": " + AtomicFile.reason(e), e);
            }
        }
        List<String> all = pictures(part.all());
        all.forEach(name -> folders.add(lastFolder(name)));
        long depths = all.stream()
                .map(name -> name.chars().filter(c -> c == '/').count())
                .distinct()
                .count();
        boolean hasClasses =
                part.all().stream().noneMatch(FolderSource::isMetadata) && folders.size() > 1 && depths == 1;
        return new FolderSource(
                description,
                root,
                files,
                FolderSource::lastFolder,
                hasClasses ? List.copyOf(folders) : List.of(),
                Captions.read(root, metadata, names, columns.caption()));
    }

    private static List<String> pictures(List<String> files) {
        return files.stream().filter(name -> !isMetadata(name)).sorted().toList();
    }

    private static boolean isMetadata(String name) {
        return name.endsWith(".csv") || name.endsWith(".jsonl");
    }

    private static void checkColumns(ColumnChoice columns) {
        if (columns.image() != null || columns.label() != null) {
            throw Problem.request("pictures in folders have no columns of pictures and classes: omit "
                    + (columns.image() != null ? "{imageColumn}" : "{labelColumn}")
                    + "; {captionColumn} names one of metadata.csv or metadata.jsonl");
        }
    }

    private static String firstFolder(String name) {
        int slash = name.indexOf('/');
        return slash < 0 ? "" : name.substring(0, slash);
    }

    private static String lastFolder(String name) {
        int slash = name.lastIndexOf('/');
        return name.substring(slash < 0 ? 0 : name.lastIndexOf('/', slash - 1) + 1, Math.max(0, slash));
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public int size() {
        return files.size();
    }

    @Override
    public int channels() {
        return 3;
    }

    @Override
    public int naturalSize() {
        return 64;
    }

    @Override
    public List<String> classNames() {
        return classNames;
    }

    /** The file's name below the folder, with forward slashes. */
    @Override
    public String name(int index) {
        return files.get(index).name();
    }

    @Override
    public int label(int index) {
        return classNames.isEmpty()
                ? -1
                : Collections.binarySearch(
                        classNames, classOf.apply(files.get(index).name()));
    }

    @Override
    public @Nullable String caption(int index) {
        return captions.get(files.get(index).name());
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
        Found file = files.get(index);
        int label = label(index);
        try {
            byte[] bytes = Files.readAllBytes(root.resolve(file.name()));
            return new EncodedImage(bytes, label, captions.get(file.name()), file.name());
        } catch (IOException e) {
            throw new BrokenExampleException(file.name() + ": " + AtomicFile.reason(e), e);
        }
    }

    @Override
    public Map<String, String> contents() {
        Map<String, String> contents = Dataset.super.contents();
        StringBuilder names = new StringBuilder();
        StringBuilder sizes = new StringBuilder();
        for (Found file : files) {
            names.append(file.name()).append('\0');
            sizes.append(file.bytes()).append('\0');
        }
        contents.put("file names", Hashes.sha256(names.toString()));
        contents.put("file sizes", Hashes.sha256(sizes.toString()));
        contents.put("captions", Hashes.sha256(new TreeMap<>(captions).toString()));
        return contents;
    }

    /** A hash of the names, sizes and captions: reading all files would take too long. */
    @Override
    public String fingerprint() {
        MessageDigest digest = Hashes.digest("SHA-256");
        for (Found file : files) {
            String caption = captions.getOrDefault(file.name(), "");
            String line = file.name() + "\0" + file.bytes() + "\0" + caption + "\n";
            digest.update(line.getBytes(StandardCharsets.UTF_8));
        }
        return Hashes.hex(digest.digest());
    }
}
