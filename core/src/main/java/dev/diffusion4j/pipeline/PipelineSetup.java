// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.adapter.LoraView;
import dev.diffusion4j.codec.PixelCodec;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.condition.Conditioner;
import dev.diffusion4j.guidance.LossGuidance;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.Canvas;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.tensor.Placement;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a pipeline draws with, besides its network. It owns nothing.
 *
 * @param scheduler the algorithm
 * @param conditioner encodes what pictures show
 * @param givenCodec between pictures and samples; {@code null} for the pixels of the scheduler's range
 * @param placement where the network computes, and in what; samples stay there
 * @param steering losses that samples are steered by
 * @param adapters what the network is seen through
 */
record PipelineSetup(
        Scheduler scheduler,
        Conditioner conditioner,
        @Nullable SampleCodec givenCodec,
        Placement placement,
        List<LossGuidance> steering,
        LoraView adapters) {

    PipelineSetup {
        steering = List.copyOf(steering);
    }

    PipelineSetup withScheduler(Scheduler value) {
        return new PipelineSetup(value, conditioner, givenCodec, placement, steering, adapters);
    }

    PipelineSetup withConditioner(Conditioner value) {
        return new PipelineSetup(scheduler, value, givenCodec, placement, steering, adapters);
    }

    PipelineSetup withCodec(SampleCodec value) {
        return new PipelineSetup(scheduler, conditioner, value, placement, steering, adapters);
    }

    PipelineSetup withSteering(List<LossGuidance> value) {
        return new PipelineSetup(scheduler, conditioner, givenCodec, placement, value, adapters);
    }

    PipelineSetup withAdapters(LoraView value) {
        return new PipelineSetup(scheduler, conditioner, givenCodec, placement, steering, value);
    }

    /** A run for pictures of this size; the caller closes it. */
    SchedulerRun start(GenerationRequest request, DiffusionModel model, SampleSize size) {
        long[] shape = codec(model).shape(size);
        return scheduler.start(request.sampling()
                .settings()
                .withFirstStep(request.inputs().firstStep(request.steps()))
                .withCanvas(new Canvas(shape[1], shape[2], 1)));
    }

    /** Between pictures and the samples of a network. */
    SampleCodec codec(DiffusionModel model) {
        return givenCodec == null ? PixelCodec.of(model.sampleChannels(), scheduler) : givenCodec;
    }
}
