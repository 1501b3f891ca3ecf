// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.image.ImageGrid;
import dev.diffusion4j.image.Images;
import dev.diffusion4j.scheduler.SampleRange;
import dev.diffusion4j.tensor.TensorScope;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** Watches one picture of a run: a strip with x_t above and x̂₀ below, at evenly spaced steps, the last one included. */
public final class Film implements StepListener {
    private final int frames;
    private final SampleRange range;
    private final int picture;
    private final List<BufferedImage> samples = new ArrayList<>();
    private final List<BufferedImage> originals = new ArrayList<>();
    private boolean finished;

    /**
     * @param frames how many steps are kept
     * @param range of the samples, see {@link dev.diffusion4j.scheduler.Scheduler#sampleRange()}
     */
    public Film(int frames, SampleRange range) {
        this(frames, range, 0);
    }

    /** @param picture which of the first batch is watched */
    public Film(int frames, SampleRange range, int picture) {
        this.frames = Math.max(1, frames);
        this.range = range;
        this.picture = picture;
    }

    @Override
    public void onStep(StepEvent event) {
        int wanted = Math.min(frames, event.steps());
        long due = Math.round((double) (samples.size() + 1) * event.steps() / wanted) - 1;
        if (finished || event.stepIndex() != due) {
            return;
        }
        TensorScope.run(() -> {
            samples.add(watched(event.sample()));
            originals.add(watched(event.predOriginalSample()));
        });
        finished = event.stepIndex() == event.steps() - 1;
    }

    private BufferedImage watched(Tensor batch) {
        return Images.fromSamples(range.toUnit(batch.narrow(0, picture, 1)), 0, 1)
                .get(0);
    }

    /** Two rows: x_t, x̂₀; small pictures enlarged. */
    public BufferedImage strip() {
        List<BufferedImage> all = new ArrayList<>(samples);
        all.addAll(originals);
        return ImageGrid.of(ImageGrid.visible(all), samples.size());
    }
}
