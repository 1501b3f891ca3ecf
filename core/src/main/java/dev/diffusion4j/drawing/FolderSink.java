// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import dev.diffusion4j.image.PngFile;
import java.nio.file.Path;
import java.util.Locale;

/** Writes {@code 0000.png}, {@code 0001.png}, … each with its notes, each as soon as it is drawn; files of these names are replaced. */
public final class FolderSink implements PictureSink {
    private final Path folder;
    private int written;

    public FolderSink(Path folder) {
        this.folder = folder;
    }

    @Override
    public void accept(DrawnPicture picture) {
        PngFile.write(
                folder.resolve(String.format(Locale.ROOT, "%04d.png", picture.index())),
                picture.image(),
                picture.notes());
        written++;
    }

    /** How many pictures are in the folder so far. */
    public int written() {
        return written;
    }
}
