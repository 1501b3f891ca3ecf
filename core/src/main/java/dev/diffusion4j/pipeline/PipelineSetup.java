// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.adapter.LoraView;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.condition.Conditioner;
import dev.diffusion4j.guidance.LossGuidance;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.Inputs;
import dev.diffusion4j.scheduler.Algorithm;
import dev.diffusion4j.scheduler.Canvas;
import dev.diffusion4j.scheduler.SamplingSettings;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.tensor.Placement;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a pipeline draws with, besides its network. It owns nothing.
 *
 * @param scheduler the algorithm
 * @param parts what stands between people, pictures and the network
 * @param placement where the network computes, and in what; samples stay there
 * @param steering losses that samples are steered by
 * @param adapters what the network is seen through
 * @param loras which each call sees it through besides, read when it does
 * @param refiner what ends its pictures; {@code null} for nothing
 */
record PipelineSetup(
        Scheduler scheduler,
        PipelineParts parts,
        Placement placement,
        List<LossGuidance> steering,
        LoraView adapters,
        List<LoraChoice> loras,
        @Nullable Refiner refiner) {
    private static final Set<SchedulerKind> SPREAD = Set.of(SchedulerKind.LCM, SchedulerKind.TCD);

    PipelineSetup {
        steering = List.copyOf(steering);
        loras = List.copyOf(loras);
    }

    /** Neither steered nor refined, through no adapters. */
    static PipelineSetup of(Scheduler scheduler, PipelineParts parts, Placement placement) {
        return new PipelineSetup(scheduler, parts, placement, List.of(), LoraView.NONE, List.of(), null);
    }

    /** @throws Problem where the network was not trained for such an algorithm */
    PipelineSetup withScheduler(Scheduler value) {
        if (value.chain() != scheduler.chain()) {
            String way = scheduler.chain() == Algorithm.Chain.FLOW
                    ? "; the solvers do with use_flow_sigmas=true and prediction_type=flow_prediction"
                    : "";
            throw Problem.request("scheduler '" + value.algorithm().key()
                    + "' as it is configured does not fit this model, which was trained for '"
                    + scheduler.algorithm().key() + "'" + way);
        }
        return new PipelineSetup(value, parts, placement, steering, adapters, loras, refiner);
    }

    PipelineSetup withConditioner(Conditioner value) {
        return new PipelineSetup(
                scheduler, parts.withConditioner(value), placement, steering, adapters, loras, refiner);
    }

    PipelineSetup withCodec(SampleCodec value) {
        return new PipelineSetup(scheduler, parts.withCodec(value), placement, steering, adapters, loras, refiner);
    }

    PipelineSetup withSteering(List<LossGuidance> value) {
        return new PipelineSetup(scheduler, parts, placement, value, adapters, loras, refiner);
    }

    PipelineSetup withAdapters(LoraView value) {
        return new PipelineSetup(scheduler, parts, placement, steering, value, loras, refiner);
    }

    PipelineSetup withLoras(List<LoraChoice> value) {
        return new PipelineSetup(scheduler, parts, placement, steering, adapters, value, refiner);
    }

    PipelineSetup withRefiner(Refiner value) {
        return new PipelineSetup(scheduler, parts, placement, steering, adapters, loras, value);
    }

    /** The same, as a request wants its pictures encoded and decoded. */
    PipelineSetup forCall(GenerationRequest request, DiffusionModel model) {
        return Boolean.TRUE.equals(request.canvas().tiles())
                ? withCodec(codec(model).inTiles())
                : this;
    }

    /** A run for pictures of this size; the caller closes it. */
    SchedulerRun start(GenerationRequest request, DiffusionModel model, SampleSize size) {
        long[] shape = codec(model).shape(size);
        SamplingSettings settings = request.sampling().settings().withCanvas(new Canvas(shape[1], shape[2], 1));
        Inputs inputs = request.inputs();
        return scheduler.start(
                isSpread(inputs, model)
                        ? settings.withStrength(inputs.amount())
                        : settings.withFirstStep(inputs.firstStep(request.steps())));
    }

    /** Whether all steps are spread over what strength leaves of the noise levels, as diffusers' latent consistency calls do. */
    private boolean isSpread(Inputs inputs, DiffusionModel model) {
        return model.guidanceFeatures() > 0
                && SPREAD.contains(SchedulerKind.of(scheduler))
                && PictureUse.of(inputs, model) == PictureUse.START;
    }

    /** Whether noise for encoded pictures is drawn as f32 in any case: diffusers' calls of XL do so, and only they. */
    boolean encodesInFull(SampleCodec codec) {
        return conditioner().givesPooledText() && codec.encodesInFull();
    }

    /** Encodes what pictures show. */
    Conditioner conditioner() {
        return parts.conditioner();
    }

    /** The same for the pictures of one call. */
    Conditioner conditioner(GenerationRequest request, SampleSize size) {
        return conditioner()
                .forCall(size, request.subject().clipSkip(), request.subject().promptSyntax());
    }

    /** Between pictures and the samples of a network. */
    SampleCodec codec(DiffusionModel model) {
        return parts.codec(model, scheduler);
    }
}
