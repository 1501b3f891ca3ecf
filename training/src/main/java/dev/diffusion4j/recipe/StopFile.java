// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The file {@code stop} in the folder of a run: whoever makes it, from whatever process, asks the training there to end as if it was
 * interrupted. It is gone when the training has ended.
 */
final class StopFile implements AutoCloseable {
    static final String NAME = "stop";

    private final Path file;
    private boolean seen;

    /**
     * Removes one that was meant for an earlier training.
     *
     * @throws Problem (a failure) where it cannot be removed
     */
    StopFile(Path folder) {
        file = folder.resolve(NAME);
        remove();
    }

    /** Looks for it: one call to the system. Once it was there, it counts as there. */
    boolean isThere() {
        seen = seen || Files.exists(file);
        return seen;
    }

    private void remove() {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw Problem.failure("cannot remove " + file + ": " + AtomicFile.reason(e), e);
        }
    }

    @Override
    public void close() {
        remove();
    }
}
