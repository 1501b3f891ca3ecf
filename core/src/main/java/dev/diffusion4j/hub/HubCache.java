// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.hub;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * One repository's folder in the cache, laid out as {@code huggingface_hub} does, so that what either fetched is found by both:
 * {@code blobs/ETAG}, {@code refs/REVISION} with the commit, {@code snapshots/COMMIT/PATH} as links to blobs. Only whole files
 * get these names. The list of a commit's files is kept beside, for when nobody can be asked.
 */
final class HubCache {
    static final String SNAPSHOTS = "snapshots";

    private final HubRepo repo;
    private final Path root;
    private final Path folder;

    HubCache(Path root, HubRepo repo) {
        this.repo = repo;
        this.root = root;
        folder = root.resolve(repo.folderName());
    }

    /** Where a commit's files are. */
    Path snapshot(String commit) {
        return folder.resolve(SNAPSHOTS).resolve(commit);
    }

    /** Where a file of a commit is, or would be. */
    Path pointer(String commit, String name) {
        return HubPath.below(snapshot(commit), name, repo);
    }

    Path blob(String etag) {
        return folder.resolve("blobs").resolve(etag);
    }

    /** The commit that the repository's revision was, when it was last asked. */
    Optional<String> commit() throws IOException {
        if (repo.isCommit()) {
            return Optional.of(repo.revision());
        }
        Path ref = folder.resolve("refs").resolve(repo.revision());
        if (!Files.isRegularFile(ref)) {
            return Optional.empty();
        }
        return Optional.of(Files.readString(ref).strip()).filter(HubRepo::isCommit);
    }

    /** Notes down which commit the revision is. */
    void remember(String commit) throws IOException {
        if (repo.isCommit() || commit().filter(commit::equals).isPresent()) {
            return;
        }
        Path ref = folder.resolve("refs").resolve(repo.revision());
        Files.createDirectories(ref.getParent());
        AtomicFile.write(ref, commit);
    }

    /** Marks the folder for backup programs, once. */
    void prepare() throws IOException {
        Files.createDirectories(folder.resolve("blobs"));
        Path tag = root.resolve("CACHEDIR.TAG");
        if (!Files.exists(tag)) {
            AtomicFile.write(
                    tag, "Signature: 8a477f597d28d172789f06886806bc55\n# A cache of files of the Hugging Face Hub.\n");
        }
    }

    /** A whole, verified file gets its blob's name; one that is there already stays. */
    void keep(Path whole, String etag) throws IOException {
        Path blob = blob(etag);
        if (Files.exists(blob)) {
            Files.deleteIfExists(whole);
            return;
        }
        Files.move(whole, blob, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Links a commit's file to its blob; copies where links are not allowed. */
    Path link(String commit, String name, String etag) throws IOException {
        Path pointer = pointer(commit, name);
        Path blob = blob(etag);
        if (Files.exists(pointer)) {
            return pointer;
        }
        Path parent = Objects.requireNonNull(pointer.getParent());
        Files.createDirectories(parent);
        if (Files.exists(pointer, LinkOption.NOFOLLOW_LINKS)) {
            Files.delete(pointer); // a link whose blob is gone
        }
        try {
            Files.createSymbolicLink(
                    pointer, parent.relativize(blob.toAbsolutePath().normalize()));
        } catch (FileAlreadyExistsException e) {
            return pointer; // somebody else was quicker
        } catch (IOException | UnsupportedOperationException e) {
            // a file system without links, or one where this user may make none (Windows): the file itself, as the
            // Python client has it there
            AtomicFile.write(pointer, out -> Files.copy(blob, out));
        }
        return pointer;
    }

    /** Notes down that a commit has no such file, as the Python client does. */
    void rememberMissing(String commit, String name) throws IOException {
        Path mark = HubPath.below(folder.resolve(".no_exist").resolve(commit), name, repo);
        Files.createDirectories(mark.getParent());
        if (!Files.exists(mark)) {
            AtomicFile.write(mark, "");
        }
    }

    /** Whether that was noted down. */
    boolean isMissing(String commit, String name) {
        return Files.exists(HubPath.below(folder.resolve(".no_exist").resolve(commit), name, repo));
    }

    /** Where the list of a commit's files is kept: in a hidden folder, as the Python client has its {@code .no_exist}. */
    private Path list(String commit) {
        return folder.resolve(".diffusion4j").resolve(commit + ".txt");
    }

    /** All files of a commit, where the list of them was kept. */
    Optional<List<HubEntry>> files(String commit) {
        if (!Files.isRegularFile(list(commit))) {
            return Optional.empty();
        }
        try {
            return Optional.of(Files.readAllLines(list(commit)).stream()
                    .map(line -> line.split(" ", 3))
                    .map(parts -> new HubEntry(parts[2], Long.parseLong(parts[0]), parts[1]))
                    .toList());
        } catch (IOException | RuntimeException e) {
            return Optional.empty(); // asked for again
        }
    }

    /** Keeps the list, which never changes: a file a line, with its size and its hash. */
    void rememberFiles(String commit, List<HubEntry> entries) {
        StringBuilder text = new StringBuilder();
        for (HubEntry entry : entries) {
            if (entry.path().chars().anyMatch(Character::isISOControl)
                    || entry.etag().contains(" ")) {
                return; // such a name is refused when it is fetched
            }
            text.append(entry.size())
                    .append(' ')
                    .append(entry.etag())
                    .append(' ')
                    .append(entry.path())
                    .append('\n');
        }
        try {
            AtomicFile.write(list(commit), text.toString());
        } catch (Problem e) {
            // the cache may not be written to: the list is asked for again
        }
    }

    /** The files of a commit that the cache holds; empty where there are none. */
    List<HubEntry> present(String commit) throws IOException {
        Path snapshot = snapshot(commit);
        if (!Files.isDirectory(snapshot)) {
            return List.of();
        }
        List<HubEntry> entries = new ArrayList<>();
        try (Stream<Path> all = Files.walk(snapshot)) {
            for (Path file : (Iterable<Path>) all.filter(Files::isRegularFile)::iterator) {
                String name = snapshot.relativize(file).toString().replace('\\', '/');
                entries.add(new HubEntry(name, Files.size(file), ""));
            }
        }
        return entries;
    }
}
