// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.image.ImageGrid;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes what was drawn: {@code 0000.png}, {@code 0001.png}, … each with its note, and {@code grid.png}. */
public final class GenerationFiles {
    private GenerationFiles() {}

    /**
     * One file for each picture; files of the same names are replaced.
     *
     * @param model the model's folder, as it is to stand in the notes
     * @param only the index of the one picture that is to be written, or {@code null} for all
     * @return the files, in order
     */
    public static List<Path> write(
            Path folder,
            GenerationResult result,
            DiffusionPipeline pipeline,
            GenerationRequest request,
            String model,
            @Nullable Integer only) {
        List<Path> files = new ArrayList<>();
        List<BufferedImage> images = result.images();
        for (int i = 0; i < images.size(); i++) {
            if (only != null && only != i) {
                continue;
            }
            GenerationNote note = GenerationNote.of(model, pipeline, request, i);
            Path file = folder.resolve(String.format(Locale.ROOT, "%04d.png", only == null ? i : 0));
            PngFile.write(
                    file,
                    images.get(i),
                    note.notes(pipeline.deviceName(), pipeline.precision().key(), pipeline.modelHash()));
            files.add(file);
        }
        return files;
    }

    /** Any other picture. */
    public static void writeImage(Path file, BufferedImage image) {
        PngFile.write(file, image, Map.of());
    }

    /** All pictures in one, small ones enlarged. */
    public static Path writeGrid(Path folder, List<BufferedImage> images, int perRow) {
        Path file = folder.resolve("grid.png");
        PngFile.write(file, ImageGrid.of(ImageGrid.visible(images), perRow), Map.of());
        return file;
    }
}
