// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Files that a network is read from more than once: whoever began with some numbers does not go on with others. Thread-safe. */
final class SameFiles {
    private @Nullable List<Stamp> first;

    private record Stamp(Path file, long size, FileTime modified) {
        static Stamp of(Path file) {
            try {
                return new Stamp(file, Files.size(file), Files.getLastModifiedTime(file));
            } catch (IOException e) {
                throw Problem.failure(
                        "cannot read " + file + ", which is needed again: " + AtomicFile.reason(e) + "; put it back",
                        e);
            }
        }
    }

    /**
     * Remembers them the first time, and compares their sizes and times later.
     *
     * @throws Problem (a failure) naming one that is gone or was changed
     */
    synchronized void check(List<Path> files) {
        List<Stamp> now = new ArrayList<>();
        for (Path file : files) {
            now.add(Stamp.of(file));
        }
        List<Stamp> before = first;
        if (before == null) {
            first = now;
            return;
        }
        now.stream().filter(stamp -> !before.contains(stamp)).findFirst().ifPresent(stamp -> {
            throw Problem.failure(
                    stamp.file() + " was changed after it was read, and is needed again: put back what it" + " was");
        });
    }
}
