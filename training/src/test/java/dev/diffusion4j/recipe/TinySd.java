// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** A Stable Diffusion of some thousand numbers. */
final class TinySd {
    static final Path FOLDER = Path.of("../core/src/test/resources/golden/tiny-sd")
            .toAbsolutePath()
            .normalize();

    private TinySd() {}

    /** One whose files may be changed; {@code place} is made. */
    static Path copyTo(Path place) throws IOException {
        try (Stream<Path> files = Files.walk(FOLDER)) {
            for (Path file : files.toList()) {
                Files.copy(file, place.resolve(FOLDER.relativize(file).toString()));
            }
        }
        return place;
    }
}
