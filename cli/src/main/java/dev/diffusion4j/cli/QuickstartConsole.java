// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.image.ImageGrid;
import dev.diffusion4j.pipeline.StepListener;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.recipe.Quickstart;
import dev.diffusion4j.recipe.RunListener;
import dev.diffusion4j.recipe.RunPlan;
import dev.diffusion4j.recipe.RunProgress;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;

/** Shows a quickstart: its trainings, what the network draws on the way, and how far the judged digits are. */
final class QuickstartConsole implements Quickstart.Watcher, AutoCloseable {
    private static final int CLASSES = 10;

    private final PrintWriter out;
    private final TrainingConsole training;
    private @Nullable Progress drawing;

    QuickstartConsole(PrintWriter out, PrintWriter err) {
        this.out = out;
        this.training = new TrainingConsole(out, err);
    }

    @Override
    public RunListener network() {
        return new WithPreview();
    }

    @Override
    public RunListener judge() {
        return training;
    }

    @Override
    public StepListener drawing(GenerationRequest request) {
        training.end();
        out.println("drawing " + request.count() + " digits for the judge");
        out.flush();
        Progress progress = Progress.steps("drawing", request);
        drawing = progress;
        return progress;
    }

    /** Clears what moves. */
    @Override
    public void close() {
        training.end();
        if (drawing != null) {
            drawing.close();
        }
    }

    /** As the training's own console, with the sample grid on the screen: the first digit of each row. */
    private final class WithPreview implements RunListener {
        @Override
        public void onPlan(RunPlan plan) {
            training.onPlan(plan);
        }

        @Override
        public void onAlreadyFinished(long steps) {
            training.onAlreadyFinished(steps);
        }

        @Override
        public void onStep(RunProgress progress) {
            training.onStep(progress);
        }

        @Override
        public void onEpoch(RunProgress progress) {
            training.onEpoch(progress);
        }

        @Override
        public void onSamples(Path picture) {
            training.onSamples(picture);
            try {
                BufferedImage grid = ImageIO.read(picture.toFile());
                BlockPicture.lines(firstColumn(grid)).forEach(out::println);
            } catch (IOException e) {
                out.println("(cannot be shown: " + e.getMessage() + ")");
            }
            out.flush();
        }
    }

    /** The pictures of a grid are square, one row a class; none of a grid that was asked for in another form. */
    static List<BufferedImage> firstColumn(BufferedImage grid) {
        int side = (grid.getHeight() - ImageGrid.PADDING) / CLASSES - ImageGrid.PADDING;
        List<BufferedImage> column = new ArrayList<>();
        boolean fits = side > 0 && side + ImageGrid.PADDING <= grid.getWidth();
        for (int row = 0; row < CLASSES && fits; row++) {
            int top = ImageGrid.PADDING + row * (side + ImageGrid.PADDING);
            column.add(grid.getSubimage(ImageGrid.PADDING, top, side, side));
        }
        return column;
    }
}
