// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.tracking.Tracker;
import java.awt.image.BufferedImage;
import java.nio.file.Path;

/** Sample grids to their file and to the trackers. */
final class Pictures {
    private Pictures() {}

    static void write(Path file, BufferedImage grid, Tracker trackers, long step) {
        PngFile.write(file, grid);
        trackers.image(step, "samples", grid);
    }
}
