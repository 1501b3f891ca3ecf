// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.image.ImageGrid;
import dev.diffusion4j.image.Images;
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
    private final StepChoice choice;
    private final SampleCodec codec;
    private final List<List<BufferedImage>> pictures = new ArrayList<>();

    /** @param codec of the samples, {@link DiffusionPipeline#codec()}; borrowed */
    public Trace(StepChoice choice, SampleCodec codec) {
        this.choice = choice;
        this.codec = codec;
    }

    @Override
    public void onStep(StepEvent event) {
        if (!choice.contains(event.stepIndex(), event.steps())) {
            return;
        }
        List<BufferedImage> now = TensorScope.compute(() -> Images.fromSamples(codec.preview(event.sample()), 0, 1));
        for (int i = 0; i < now.size(); i++) {
            int picture = event.firstImage() + i;
            while (pictures.size() <= picture) {
                pictures.add(new ArrayList<>());
            }
            pictures.get(picture).add(now.get(i));
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
