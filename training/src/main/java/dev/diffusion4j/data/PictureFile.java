// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.UserError;
import dev.diffusion4j.data.decode.DecodeException;
import dev.diffusion4j.data.decode.ImageDecoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** One picture as a data set. */
public final class PictureFile implements Dataset {
    private final Path file;
    private final PixelImage image;

    private PictureFile(Path file, PixelImage image) {
        this.file = file;
        this.image = image;
    }

    /**
     * Decodes a file.
     *
     * @throws UserError (exit code 1) where it cannot be read
     */
    public static PictureFile open(Path file) {
        try {
            return new PictureFile(file, ImageDecoder.decode(Files.readAllBytes(file)));
        } catch (DecodeException e) {
            throw UserError.failure("cannot read " + file + ": " + e.getMessage(), e);
        } catch (IOException e) {
            throw UserError.failure("cannot read " + file + ": " + AtomicFile.reason(e), e);
        }
    }

    @Override
    public String description() {
        return file.toString();
    }

    @Override
    public int size() {
        return 1;
    }

    @Override
    public int channels() {
        return image.channels();
    }

    @Override
    public int naturalSize() {
        return Math.min(image.width(), image.height());
    }

    @Override
    public List<String> classNames() {
        return List.of();
    }

    @Override
    public Example example(int index) {
        return new Example(image, -1, null);
    }

    @Override
    public boolean isCheap() {
        return true;
    }

    @Override
    public String fingerprint() {
        return Hashes.sha256(file.toString());
    }
}
