// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.image.ImageGrid;
import dev.diffusion4j.image.Images;
import dev.diffusion4j.scheduler.SampleRange;
import dev.diffusion4j.tensor.TensorScope;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;

/**
 * Watches how all pictures of a call come out of the noise: x_t after chosen steps. As a grid, a row a picture and a column a step:
 * the thumbnails and the 10×20 grid of the lessons; or as frames, for something that moves. {@link Film} watches one picture and
 * shows x̂₀ too.
 */
public final class Trace implements StepListener {
    /** After which steps pictures are kept. */
    @FunctionalInterface
    public interface Steps {
        /**
         * Whether a step's result is kept.
         *
         * @param stepIndex from 0
         * @param steps of the whole run
         */
        boolean contains(int stepIndex, int steps);

        /** This many, evenly spaced, the last one included: after steps 50, 100, … 1000 for 20 of 1000. */
        static Steps evenly(int count) {
            Check.positive(count, "steps of a trace");
            return (stepIndex, steps) -> {
                int wanted = Math.min(count, steps);
                long before = (long) stepIndex * wanted / steps;
                return (long) (stepIndex + 1) * wanted / steps > before;
            };
        }

        /** Each {@code every}-th one, and each of the {@code last} ones. */
        static Steps everyAndLast(int every, int last) {
            Check.positive(every, "every");
            return (stepIndex, steps) -> (stepIndex + 1) % every == 0 || stepIndex >= steps - last;
        }
    }

    private final Steps wanted;
    private final SampleRange range;
    private final List<List<BufferedImage>> pictures = new ArrayList<>();
    private int firstOfBatch;
    private int lastStep = -1;

    /** @param range of the samples, see {@link dev.diffusion4j.scheduler.Scheduler#sampleRange()} */
    public Trace(Steps wanted, SampleRange range) {
        this.wanted = wanted;
        this.range = range;
    }

    @Override
    public void onStep(StepEvent event) {
        if (event.stepIndex() <= lastStep || pictures.isEmpty()) { // another batch of the same call
            firstOfBatch = pictures.size();
            for (long i = 0; i < event.sample().size(0); i++) {
                pictures.add(new ArrayList<>());
            }
        }
        lastStep = event.stepIndex();
        if (wanted.contains(event.stepIndex(), event.steps())) {
            List<BufferedImage> now = TensorScope.compute(() -> Images.fromSamples(range.toUnit(event.sample()), 0, 1));
            for (int i = 0; i < now.size(); i++) {
                pictures.get(firstOfBatch + i).add(now.get(i));
            }
        }
    }

    /** For each picture, in order, what it was after each kept step. */
    public List<List<BufferedImage>> pictures() {
        return List.copyOf(pictures);
    }

    /** A row a picture, a column a step; small pictures enlarged. */
    public BufferedImage grid() {
        return ImageGrid.of(
                ImageGrid.visible(pictures.stream().flatMap(List::stream).toList()), columns());
    }

    /** How many steps were kept. */
    public int columns() {
        return pictures.isEmpty() ? 0 : pictures.get(0).size();
    }
}
