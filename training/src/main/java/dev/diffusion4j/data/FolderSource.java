// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.UserError;
import dev.diffusion4j.data.FolderScan.Found;
import dev.diffusion4j.data.decode.DecodeException;
import dev.diffusion4j.data.decode.ImageDecoder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Picture files in a folder and the folders in it, in the order of their names. Where each lies in a folder of its own class
 * ({@code cats/1.jpg}), the first folder's name is the class; where some lie at the top there are no classes. Captions come from
 * {@code metadata.jsonl} ({@link Captions}). Files and folders whose names begin with a dot, and files of other kinds, are passed
 * over.
 */
public final class FolderSource implements Dataset {
    private static final Logger LOG = LoggerFactory.getLogger(FolderSource.class);

    private final Path root;
    private final List<Found> files;
    private final List<String> classNames;
    private final Map<String, String> captions;

    private FolderSource(Path root, List<Found> files, List<String> classNames, Map<String, String> captions) {
        this.root = root;
        this.files = files;
        this.classNames = classNames;
        this.captions = captions;
    }

    /**
     * Lists the files; none is opened.
     *
     * @throws UserError (exit code 1) where there is no such folder or no picture in it, or {@code metadata.jsonl} is not sound
     */
    public static FolderSource open(Path root) {
        if (!Files.isDirectory(root)) {
            throw UserError.failure("there is no folder " + root);
        }
        List<Found> files = FolderScan.of(root);
        if (files.isEmpty()) {
            throw UserError.failure(root + " holds no pictures (files ending in "
                    + String.join(", ", new TreeSet<>(FolderScan.ENDINGS)) + ")");
        }
        TreeSet<String> folders = new TreeSet<>();
        files.forEach(file -> folders.add(file.firstFolder()));
        boolean flat = folders.contains("");
        if (flat && folders.size() > 1) {
            LOG.warn("{} has pictures at its top and in folders; they are taken together, without classes", root);
        }
        List<String> names = files.stream().map(Found::name).toList();
        return new FolderSource(root, files, flat ? List.of() : List.copyOf(folders), Captions.read(root, names));
    }

    @Override
    public String description() {
        return "folder:" + root;
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
    public String name(int index) {
        return files.get(index).name();
    }

    @Override
    public @Nullable String caption(int index) {
        return captions.get(files.get(index).name());
    }

    @Override
    public Example example(int index) {
        return read(index, ImageDecoder::decode);
    }

    @Override
    public Example prepared(int index, ImageTransform transform) {
        Example shared = read(index, ImageDecoder::decodeShared);
        Example prepared = shared.prepared(transform);
        boolean same = prepared.image().pixels() == shared.image().pixels();
        return same ? prepared.copy() : prepared;
    }

    private interface Decoder {
        PixelImage decode(byte[] file) throws DecodeException;
    }

    private Example read(int index, Decoder decoder) {
        Found file = files.get(index);
        int label = classNames.isEmpty() ? -1 : Collections.binarySearch(classNames, file.firstFolder());
        try {
            PixelImage image = decoder.decode(Files.readAllBytes(root.resolve(file.name())));
            return new Example(image, label, captions.get(file.name()));
        } catch (DecodeException e) {
            throw new BrokenExampleException(file.name() + ": " + e.getMessage(), e);
        } catch (IOException e) {
            throw new BrokenExampleException(file.name() + ": " + AtomicFile.reason(e), e);
        }
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
