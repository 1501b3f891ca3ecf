// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.service;

import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.drawing.DrawingJob;
import dev.diffusion4j.image.Images;
import dev.diffusion4j.pipeline.Cancellation;
import dev.diffusion4j.pipeline.StepChoice;
import dev.diffusion4j.pipeline.StepEvent;
import dev.diffusion4j.tensor.TensorScope;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;

/**
 * What a job draws, checked and ready.
 *
 * @param job closed with this
 * @param need of memory
 * @param previews how many times a listener sees the pictures on their way
 * @param meter counts steps
 */
record Drawing(DrawingJob job, Memory.Need need, int previews, ServiceMeter meter) implements AutoCloseable {
    /** How many pictures. */
    int count() {
        return job.count();
    }

    /** Draws, on the calling thread; what it returns holds no native memory. */
    JobResult draw(Job of, JobListener listener, Cancellation cancellation) {
        List<FinishedPicture> pictures = new ArrayList<>();
        StepClock clock = new StepClock(of.number(), need.model(), meter);
        job.draw(
                drawn -> {
                    FinishedPicture picture = new FinishedPicture(drawn.index(), drawn.image(), drawn.notes());
                    pictures.add(picture);
                    of.progressed(of.progress().drawn(pictures.size()));
                    listener.onPicture(of, picture);
                },
                event -> {
                    clock.end(event);
                    step(event, of, listener);
                    clock.begin();
                },
                cancellation);
        return new JobResult(job.request(), pictures);
    }

    private void step(StepEvent event, Job of, JobListener listener) {
        int count = (int) event.sample().size(0);
        JobProgress progress = of.progress().stepped(event.firstImage(), count, event.stepIndex() + 1, event.steps());
        of.progressed(progress);
        listener.onProgress(of, progress);
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
