// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.image.ImageGrid;
import dev.diffusion4j.image.Images;
import dev.diffusion4j.tensor.TensorScope;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** Watches one picture of a call: a strip with x_t above and x̂₀ below, at evenly spaced steps, the last one included. */
public final class Film implements StepListener {
    private final StepChoice choice;
    private final SampleCodec codec;
    private final int picture;
    private final List<BufferedImage> samples = new ArrayList<>();
    private final List<BufferedImage> originals = new ArrayList<>();

    /**
     * @param frames how many steps are kept
     * @param codec of the samples, {@link DiffusionPipeline#codec()}; borrowed
     * @param picture which one of the call is watched, from 0
     */
    public Film(int frames, SampleCodec codec, int picture) {
        this.choice = StepChoice.evenly(Math.max(1, frames));
        this.codec = codec;
        this.picture = picture;
    }

    @Override
    public void onStep(StepEvent event) {
        int place = picture - event.firstImage();
        boolean isHere = place >= 0 && place < event.sample().size(0);
        if (!isHere || !choice.contains(event.stepIndex(), event.steps())) {
            return;
        }
        TensorScope.run(() -> {
            samples.add(watched(event.sample(), place));
            originals.add(watched(event.predOriginalSample(), place));
        });
    }

    private BufferedImage watched(Tensor batch, int place) {
        return Images.fromSamples(codec.preview(batch.narrow(0, place, 1)), 0, 1)
                .get(0);
    }

    /** Two rows: x_t, x̂₀; small pictures enlarged. */
    public BufferedImage strip() {
        List<BufferedImage> all = new ArrayList<>(samples);
        all.addAll(originals);
        return ImageGrid.of(ImageGrid.visible(all), samples.size());
    }
}
