// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import dev.diffusion4j.image.ImageGrid;
import dev.diffusion4j.image.PngFile;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Keeps all pictures and writes them as one when the last is drawn, small ones enlarged. */
public final class GridSink implements PictureSink {
    private final Path file;
    private final int perRow;
    private final List<BufferedImage> images = new ArrayList<>();

    /** @param perRow pictures in a row */
    public GridSink(Path file, int perRow) {
        this.file = file;
        this.perRow = perRow;
    }

    @Override
    public void accept(DrawnPicture picture) {
        images.add(picture.image());
    }

    @Override
    public void complete() {
        PngFile.write(file, ImageGrid.of(ImageGrid.visible(images), perRow));
    }
}
