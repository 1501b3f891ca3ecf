// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.plot;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.image.ImageGrid;
import dev.diffusion4j.image.Images;
import dev.diffusion4j.image.Panels;
import dev.diffusion4j.pipeline.StepEvent;
import dev.diffusion4j.pipeline.StepListener;
import dev.diffusion4j.tensor.TensorScope;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.pytorch.Tensor;

/** Keeps what a batch looks like after each step, x_t and the guess x̂₀ at the finished picture. */
public final class StepPictures implements StepListener {
    private static final Color GREY = new Color(127, 127, 127);

    private final SampleCodec codec;
    private final int most;
    private final TreeMap<Integer, Kept> kept = new TreeMap<>();
    private boolean finished;

    /** A step's pictures; all of the batch, in its order. */
    private record Kept(List<BufferedImage> samples, List<BufferedImage> originals) {}

    /**
     * @param codec of the samples; borrowed
     * @param most pictures of the first batch that are kept
     */
    public StepPictures(SampleCodec codec, int most) {
        this.codec = codec;
        this.most = Check.positive(most, "pictures");
    }

    @Override
    public void onStep(StepEvent event) {
        if (finished) {
            return;
        }
        TensorScope.run(() ->
                kept.put(event.stepIndex(), new Kept(pictures(event.sample()), pictures(event.predOriginalSample()))));
        finished = event.stepIndex() == event.steps() - 1;
    }

    private List<BufferedImage> pictures(Tensor batch) {
        Tensor some = batch.narrow(0, 0, Math.min(most, batch.size(0)));
        return Images.fromSamples(codec.preview(some), 0, 1);
    }

    /** How many steps there were. */
    public int steps() {
        return kept.size();
    }

    /**
     * Two panels, x_t and x̂₀, each with the batch in rows of four and grey borders, for each {@code every}-th step from the first
     * one on, and the last.
     *
     * @return by step
     */
    public Map<Integer, BufferedImage> panels(int every) {
        Check.positive(every, "every");
        Map<Integer, BufferedImage> panels = new LinkedHashMap<>();
        kept.forEach((step, pictures) -> {
            if (step % every == 0 || step == steps() - 1) {
                panels.put(
                        step,
                        Panels.row(
                                List.of(sheet(pictures.samples), sheet(pictures.originals)),
                                List.of(
                                        "Current x (step " + step + ")",
                                        "Predicted denoised images (step " + step + ")")));
            }
        });
        return panels;
    }

    private static BufferedImage sheet(List<BufferedImage> pictures) {
        return ImageGrid.of(ImageGrid.visible(pictures), 4, ImageGrid.PADDING, GREY);
    }

    /** Steps of {@code count} evenly from the first to the last; all where there are fewer. */
    private List<Integer> evenly(int count) {
        int wanted = Math.min(count, steps());
        List<Integer> steps = new ArrayList<>();
        for (int i = 0; i < wanted; i++) {
            steps.add(wanted == 1 ? steps() - 1 : (int) Math.round((double) i * (steps() - 1) / (wanted - 1)));
        }
        return steps;
    }

    private Kept at(int step) {
        return java.util.Objects.requireNonNull(kept.get(step));
    }

    /** The first picture's x_t at {@code count} steps, in one row. */
    public BufferedImage thumbnails(int count) {
        return ImageGrid.of(
                evenly(count).stream().map(step -> at(step).samples.get(0)).toList(), count);
    }

    /** A row for each picture of the batch, {@code columns} steps from noise to picture. */
    public BufferedImage grid(int columns) {
        List<Integer> steps = evenly(columns);
        List<BufferedImage> cells = new ArrayList<>();
        for (int row = 0; row < at(0).samples.size(); row++) {
            for (int step : steps) {
                cells.add(at(step).samples.get(row));
            }
        }
        return ImageGrid.of(cells, steps.size());
    }

    /** Frames of a moving picture: the whole batch at {@code count} steps. */
    public List<BufferedImage> frames(int count) {
        return evenly(count).stream().map(step -> sheet(at(step).samples)).toList();
    }
}
