// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.repository;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.Problem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** A folder of this machine, or one file of it. */
public final class LocalTree implements FileTree {
    private static final int END = 1 << 16;

    private final Path root;
    private final List<String> names;
    private final String description;

    /** @throws Problem (a failure) where there is no such folder or file, or it cannot be read */
    public LocalTree(Path place, String description) {
        this.description = description;
        if (Files.isRegularFile(place)) {
            root = Objects.requireNonNullElse(place.getParent(), Path.of(""));
            names = List.of(String.valueOf(place.getFileName()));
            return;
        }
        if (!Files.isDirectory(place)) {
            throw Problem.failure("there is no file or folder " + place);
        }
        root = place;
        try (Stream<Path> files = Files.walk(place)) {
            names = files.filter(Files::isRegularFile)
                    .map(file -> place.relativize(file).toString().replace('\\', '/'))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw Problem.failure("cannot read the folder " + place + ": " + AtomicFile.reason(e), e);
        }
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public List<String> names() {
        return names;
    }

    @Override
    public Path fetch(List<String> wanted) {
        return root;
    }

    /** Of its size, its last bytes, which in a Parquet file say where all else lies, and when it was written. */
    @Override
    public String hash(String name) {
        Path file = root.resolve(name);
        try (SeekableByteChannel channel = Files.newByteChannel(file)) {
            long size = channel.size();
            ByteBuffer end = ByteBuffer.allocate((int) Math.min(size, END));
            channel.position(size - end.capacity());
            while (end.hasRemaining() && channel.read(end) >= 0) {
                // reads on
            }
            MessageDigest digest = Hashes.digest("SHA-256");
            digest.update((size + " " + Files.getLastModifiedTime(file).toMillis() + "\n")
                    .getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            return Hashes.hex(digest.digest(end.array()));
        } catch (IOException e) {
            throw Problem.failure("cannot read " + file + ": " + AtomicFile.reason(e), e);
        }
    }
}
