// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.service.FinishedPicture;
import dev.diffusion4j.studio.base.Folders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps what is drawn in the folder {@value #FOLDER} of the first opened one, each picture with its note. */
final class Drawn {
    private static final Logger LOG = LoggerFactory.getLogger(Drawn.class);
    private static final String FOLDER = "drawn";
    private static final DateTimeFormatter NAME = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");

    private final Folders folders;

    Drawn(Folders folders) {
        this.folders = folders;
    }

    /** Its place; {@code null} where it could not be written, which is logged. */
    synchronized @Nullable String keep(FinishedPicture picture) {
        try {
            Path folder = Files.createDirectories(folders.first().resolve(FOLDER));
            String name = LocalDateTime.now().format(NAME);
            Path file = folder.resolve(name + ".png");
            for (int i = 2; Files.exists(file); i++) {
                file = folder.resolve(name + "-" + i + ".png");
            }
            PngFile.write(file, picture.image(), picture.notes());
            return folders.place(file).orElse(null);
        } catch (IOException e) {
            LOG.warn("a picture could not be kept: {}", AtomicFile.reason(e));
        } catch (Problem e) {
            LOG.warn("a picture could not be kept: {}", e.getMessage());
        }
        return null;
    }
}
