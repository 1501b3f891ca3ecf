// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.image.GifFile;
import dev.diffusion4j.image.ImageGrid;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The same pictures from the same noise under several guidance scales: a row a scale, a column a picture. What a scale does is seen
 * at a glance, and on the way there in {@link #writeGif}.
 */
public final class GuidanceSweep {
    private static final int EVERY = 10;
    private static final int LAST = 10;
    private static final int FRAME_MS = 300;
    private static final int END_MS = 5000;

    private final List<Trace> rows;

    private GuidanceSweep(List<Trace> rows) {
        this.rows = rows;
    }

    /**
     * Draws.
     *
     * @param request whose guidance's scale is replaced by each of {@code scales}; column k has seed {@code request.seed() + k}
     * @param scales at least one
     * @param listener called after each step of each row
     * @throws dev.diffusion4j.base.Problem where the network cannot be guided so
     */
    public static GuidanceSweep draw(
            DiffusionPipeline pipeline,
            GenerationRequest request,
            List<Double> scales,
            StepListener listener,
            Cancellation cancellation) {
        Check.that(!scales.isEmpty(), "a sweep needs at least one guidance scale");
        List<Trace> rows = new ArrayList<>();
        for (double scale : scales) {
            Trace row = new Trace(StepChoice.everyAndLast(EVERY, LAST), pipeline.codec());
            GenerationRequest scaled =
                    request.with(r -> r.guidance(request.guidance().withScale(scale)));
            try (GenerationResult result = pipeline.generate(scaled, row.andThen(listener), cancellation)) {
                result.checkFinite();
            }
            rows.add(row);
        }
        return new GuidanceSweep(rows);
    }

    /** What it looked like after each tenth step and each of the last ten: grids with a row a scale. */
    public List<BufferedImage> frames() {
        List<BufferedImage> frames = new ArrayList<>();
        for (int step = 0; step < rows.get(0).columns(); step++) {
            frames.add(frame(step));
        }
        return frames;
    }

    private BufferedImage frame(int step) {
        return ImageGrid.of(cells(step), rows.get(0).pictures().size());
    }

    private List<BufferedImage> cells(int step) {
        List<BufferedImage> cells = new ArrayList<>();
        rows.forEach(row -> row.pictures().forEach(picture -> cells.add(picture.get(step))));
        return cells;
    }

    /** The finished pictures, small ones enlarged. */
    public BufferedImage grid() {
        List<BufferedImage> cells = cells(rows.get(0).columns() - 1);
        return ImageGrid.of(ImageGrid.visible(cells), rows.get(0).pictures().size());
    }

    /** The finished pictures as a file. */
    public void writePng(Path file) {
        PngFile.write(file, grid(), Map.of());
    }

    /** The way from noise: 300 ms a frame, five seconds for the finished pictures, then again. */
    public void writeGif(Path file) {
        GifFile.write(file, frames(), FRAME_MS, END_MS);
    }
}
