// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.image.ImageGrid;
import dev.diffusion4j.image.Images;
import dev.diffusion4j.tensor.TensorScope;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;

/** Watches the first picture of a run: a strip with x_t above and x̂₀ below, at evenly spaced steps, the last one included. */
public final class Film implements StepListener {
    private final int frames;
    private final List<BufferedImage> samples = new ArrayList<>();
    private final List<BufferedImage> originals = new ArrayList<>();
    private boolean finished;

    /** @param frames how many steps are kept */
    public Film(int frames) {
        this.frames = Math.max(1, frames);
    }

    @Override
    public void onStep(StepEvent event) {
        int wanted = Math.min(frames, event.steps());
        long due = Math.round((double) (samples.size() + 1) * event.steps() / wanted) - 1;
        if (finished || event.stepIndex() != due) {
            return;
        }
        TensorScope.run(() -> {
            samples.add(Images.fromSamples(event.sample().narrow(0, 0, 1)).get(0));
            originals.add(Images.fromSamples(event.predOriginalSample().narrow(0, 0, 1))
                    .get(0));
        });
        finished = event.stepIndex() == event.steps() - 1;
    }

    /** Two rows: x_t, x̂₀. */
    public BufferedImage strip() {
        List<BufferedImage> all = new ArrayList<>(samples);
        all.addAll(originals);
        return ImageGrid.of(all, samples.size());
    }
}
