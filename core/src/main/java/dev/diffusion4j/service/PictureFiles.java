// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.service;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.image.SentPicture;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Pictures of an application as files, which is how a request names them, while its job is not over. Their folder is a temporary one, made with the
 * first of them. Not thread-safe.
 *
 * <pre>{@code
 * try (PictureFiles files = new PictureFiles()) {
 *     String sketch = files.add("sketch", image);
 *     try (Job job = service.submit(GenerationRequest.of(r -> r.prompt("a castle").picture(sketch)))) {
 *         return job.await().images();
 *     }
 * }
 * }</pre>
 */
public final class PictureFiles implements AutoCloseable {
    private @Nullable Path folder;

    /** With no picture yet. */
    public PictureFiles() {}

    /**
     * Makes the file of a picture: its colours, without transparency.
     *
     * @param name of the file, without an ending, as notes say it
     * @return its place
     * @throws Problem (a failure) where there is no room for temporary files
     */
    public String add(String name, BufferedImage picture) {
        try {
            Path own = folder == null ? Files.createTempDirectory("diffusion4j") : folder;
            folder = own;
            Path file = own.resolve(name + ".png");
            PngFile.write(file, SentPicture.colours(picture));
            return file.toString();
        } catch (IOException e) {
            throw Problem.failure("cannot make a temporary folder: " + AtomicFile.reason(e), e);
        }
    }

    /** Deletes the files. */
    @Override
    public void close() {
        Path own = folder;
        folder = null;
        if (own != null) {
            try {
                AtomicFile.deleteTree(own);
            } catch (IOException e) {
                // goes with the machine's other temporary files
            }
        }
    }
}
