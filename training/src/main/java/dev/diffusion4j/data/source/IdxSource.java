// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.source;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.Example;
import dev.diffusion4j.data.PixelImage;
import dev.diffusion4j.data.Split;
import dev.diffusion4j.data.file.IdxFile;
import dev.diffusion4j.data.view.JoinedDataset;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Grey pictures and their classes in a pair of IDX files, as MNIST and its relatives come; held in memory, a byte a pixel. */
public final class IdxSource implements Dataset {
    private final String description;
    private final List<String> classNames;
    private final Path imageFile;
    private final @Nullable Path labelFile;
    private final IdxFile images;
    private final byte @Nullable [] labels;

    /** @param classNames empty to number the classes */
    IdxSource(String description, Path imageFile, @Nullable Path labelFile, List<String> classNames) {
        this.description = description;
        this.imageFile = imageFile;
        this.labelFile = labelFile;
        this.images = IdxFile.read(imageFile, 3);
        this.labels = labelFile == null ? null : IdxFile.read(labelFile, 1).values();
        if (labels != null && labels.length != size()) {
            throw Problem.failure(
                    imageFile + " has " + size() + " pictures, but " + labelFile + " has " + labels.length + " labels");
        }
        int highest = labels == null
                ? -1
                : IntStream.range(0, labels.length).map(i -> label(i)).max().orElse(-1);
        if (!classNames.isEmpty() && highest >= classNames.size()) {
            throw Problem.failure(
                    labelFile + " has the label " + highest + ", but there are " + classNames.size() + " classes");
        }
        this.classNames = classNames.isEmpty()
                ? IntStream.rangeClosed(0, highest).mapToObj(String::valueOf).toList()
                : List.copyOf(classNames);
    }

    /** The files of a folder by the names that MNIST gave them, plain or gzipped. */
    public static Dataset inFolder(String name, Path folder, Split split, List<String> classNames) {
        List<Dataset> parts = new ArrayList<>();
        if (split.hasTrain()) {
            parts.add(part(name, folder, "train", Split.TRAIN, classNames));
        }
        if (split.hasTest()) {
            parts.add(part(name, folder, "t10k|test", Split.TEST, classNames));
        }
        return parts.size() == 1 ? parts.get(0) : new JoinedDataset(name + " (all)", parts);
    }

    private static Dataset part(String name, Path folder, String word, Split split, List<String> classNames) {
        Path images = find(folder, word, "images", 3);
        if (images == null) {
            String expected = split == Split.TRAIN ? "train-images-idx3-ubyte" : "t10k-images-idx3-ubyte";
            throw Problem.failure(folder + " has no " + expected + ", plain or .gz");
        }
        return new IdxSource(name + " (" + split.key() + ")", images, find(folder, word, "labels", 1), classNames);
    }

    /** The plain file where there are both. */
    private static @Nullable Path find(Path folder, String word, String what, int dimensions) {
        Pattern name = Pattern.compile("(.*-)?(" + word + ")-" + what + "[-.]idx" + dimensions + "-ubyte(\\.gz)?");
        if (!Files.isDirectory(folder)) {
            throw Problem.failure("there is no folder " + folder);
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(
                            file -> name.matcher(file.getFileName().toString()).matches())
                    .sorted()
                    .findFirst()
                    .orElse(null);
        } catch (IOException e) {
            throw Problem.failure("cannot read the folder " + folder + ": " + AtomicFile.reason(e), e);
        }
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public int size() {
        return images.shape()[0];
    }

    @Override
    public int channels() {
        return 1;
    }

    @Override
    public int naturalSize() {
        return Math.max(images.shape()[1], images.shape()[2]);
    }

    @Override
    public boolean isCheap() {
        return true;
    }

    @Override
    public List<String> classNames() {
        return classNames;
    }

    @Override
    public Example example(int index) {
        Objects.checkIndex(index, size());
        int height = images.shape()[1];
        int width = images.shape()[2];
        int start = index * height * width;
        byte[] pixels = Arrays.copyOfRange(images.values(), start, start + height * width);
        return new Example(new PixelImage(width, height, 1, pixels), label(index), null);
    }

    @Override
    public int label(int index) {
        return labels == null ? -1 : labels[index] & 0xff;
    }

    @Override
    public Map<String, String> contents() {
        Map<String, String> contents = Dataset.super.contents();
        contents.put("pixels", Hashes.hex(Hashes.digest("SHA-256").digest(images.values())));
        if (labels != null) {
            contents.put("labels", Hashes.hex(Hashes.digest("SHA-256").digest(labels)));
        }
        return contents;
    }

    @Override
    public String fingerprint() {
        try {
            return Hashes.sha256(Hashes.sha256(imageFile) + (labelFile == null ? "" : " " + Hashes.sha256(labelFile)));
        } catch (IOException e) {
            throw Problem.failure("cannot read " + imageFile + ": " + AtomicFile.reason(e), e);
        }
    }
}
