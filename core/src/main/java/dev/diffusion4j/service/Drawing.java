// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.service;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.drawing.DrawingJob;
import dev.diffusion4j.drawing.DrawnPicture;
import dev.diffusion4j.drawing.SchedulerSelection;
import dev.diffusion4j.image.Images;
import dev.diffusion4j.pipeline.Cancellation;
import dev.diffusion4j.pipeline.StepChoice;
import dev.diffusion4j.pipeline.StepEvent;
import dev.diffusion4j.tensor.TensorScope;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a job draws, checked and ready.
 *
 * @param job closed with this
 * @param need of memory
 * @param likeness equal for those that can be drawn together; {@code null} for one that is drawn alone
 * @param previews how many times a listener sees the pictures on their way
 * @param meter counts steps
 */
record Drawing(DrawingJob job, Memory.Need need, @Nullable Likeness likeness, int previews, ServiceMeter meter)
        implements AutoCloseable {
    /** What those have in common that can be drawn together. */
    record Likeness(String model, List<LoraChoice> loras, @Nullable SchedulerSelection scheduler, Object drawing) {}

    /** How many pictures. */
    int count() {
        return job.count();
    }

    /** Draws, on the calling thread; what it returns holds no native memory. */
    JobResult draw(Job of, JobListener listener, Cancellation cancellation) {
        List<FinishedPicture> pictures = new ArrayList<>();
        StepClock clock = new StepClock(of.number(), need.model(), meter);
        job.draw(
                drawn -> finished(drawn, pictures, of, listener),
                event -> {
                    clock.end(event);
                    step(event, of, listener);
                    clock.begin();
                },
                cancellation);
        return new JobResult(job.request(), pictures);
    }

    static void finished(DrawnPicture drawn, List<FinishedPicture> all, Job of, JobListener listener) {
        FinishedPicture picture = new FinishedPicture(drawn.index(), drawn.image(), drawn.notes());
        all.add(picture);
        of.progressed(of.progress().drawn(all.size()));
        listener.onPicture(of, picture);
    }

    void step(StepEvent event, Job of, JobListener listener) {
        int count = (int) event.sample().size(0);
        JobProgress progress = of.progress().stepped(event.firstImage(), count, event.stepIndex() + 1, event.steps());
        of.progressed(progress);
        listener.onProgress(of, progress);
        if (!event.losses().isEmpty()) {
            Map<String, Double> losses = new LinkedHashMap<>();
            event.losses().forEach(loss -> losses.put(loss.name(), loss.scaled()));
            listener.onLosses(of, event.stepIndex() + 1, losses);
        }
        if (previews > 0 && StepChoice.evenly(previews).contains(event.stepIndex(), event.steps())) {
            SampleCodec codec = job.pipeline().codec();
            List<BufferedImage> seen =
                    TensorScope.compute(() -> Images.fromSamples(codec.preview(event.predOriginalSample()), 0, 1));
            for (int i = 0; i < seen.size(); i++) {
                listener.onPreview(of, event.firstImage() + i, seen.get(i));
            }
        }
    }

    @Override
    public void close() {
        job.close();
    }
}
