// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.condition.Conditioner;
import dev.diffusion4j.guidance.Branches;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.Sampling;
import dev.diffusion4j.scheduler.Canvas;
import dev.diffusion4j.scheduler.HandOver;
import dev.diffusion4j.scheduler.SamplingSettings;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.TensorScope;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * A network that ends what another one began, as Stable Diffusion XL's refiner does: Podell et al. (2023), 2.5. It runs with the first network's
 * algorithm and noise levels, predicting what it was trained to, and its result is decoded by the first one's codec. Either it takes the noisy
 * samples over at some noise level, or noise is added to finished ones.
 *
 * @param pipeline of it; borrowed
 */
record Refiner(DiffusionPipeline pipeline) {
    private static final String PREDICTION = "prediction_type";

    /**
     * The index of the call at which the first network's run ends.
     *
     * @param run of the first network, at its first call
     */
    static int end(@Nullable Refiner refiner, GenerationRequest request, Scheduler scheduler, SchedulerRun run) {
        Double start = request.sampling().refinerStart();
        return refiner == null || start == null ? run.timesteps().length : new HandOver(start).end(run, scheduler);
    }

    /**
     * Looks whether it can end what is asked for.
     *
     * @param refiner {@code null} for none
     * @param first the setup of the first network
     * @throws Problem (a wrong request) where it cannot
     */
    static void check(
            @Nullable Refiner refiner,
            GenerationRequest request,
            PipelineSetup first,
            DiffusionModel model,
            SampleSize size) {
        Double start = request.sampling().refinerStart();
        if (refiner == null) {
            Check.that(start == null, "the start of {refiner} is given, but no {refiner}: give both, or neither");
            return;
        }
        refiner.pipeline.ask(own -> {
            checkNetwork(own, model);
            ChannelFit.checkDrawing(own, refiner.scheduler(first.scheduler()));
            Conditioner conditioner = refiner.pipeline.setup().conditioner(request, size);
            conditioner.check(request.subject().different(), request.subject().field());
            refiner.start(request, first.scheduler(), first.codec(model).shape(size))
                    .close();
            return true;
        });
        try (SchedulerRun run = first.start(request, model, size)) {
            Check.that(
                    end(refiner, request, first.scheduler(), run) > run.stepIndex(),
                    "the start of {refiner} is " + start
                            + ", which leaves the model itself no step: give a later one, or more steps");
        }
    }

    private static void checkNetwork(DiffusionModel own, DiffusionModel model) {
        if (own.sampleChannels() != model.sampleChannels() || own.extraChannels() > 0) {
            throw Problem.request("{refiner} does not fit this model, whose samples have " + model.sampleChannels()
                    + " channels: it takes " + own.sampleChannels()
                    + (own.extraChannels() > 0 ? " and " + own.extraChannels() + " of a picture" : ""));
        }
    }

    /** The first network's algorithm, for what this one predicts. */
    private Scheduler scheduler(Scheduler first) {
        if (first.predictionType() == pipeline.scheduler().predictionType()) {
            return first;
        }
        Map<String, @Nullable Object> config = new LinkedHashMap<>(first.config());
        config.put(PREDICTION, pipeline.scheduler().config().get(PREDICTION));
        return SchedulerKind.of(first).create(config);
    }

    /** @param shape (C, H, W) of a sample */
    private SchedulerRun start(GenerationRequest request, Scheduler first, long[] shape) {
        Scheduler own = scheduler(first);
        SamplingSettings settings = request.sampling().settings().withCanvas(new Canvas(shape[1], shape[2], 1));
        Double start = request.sampling().refinerStart();
        if (start != null) {
            return new HandOver(start).start(own, settings);
        }
        int left = (int) (request.steps() * Sampling.REFINER_STRENGTH);
        Check.that(
                left > 0,
                "a {refiner} without a start draws the last " + Sampling.REFINER_STRENGTH + " of the steps anew, and "
                        + request.steps() + " {steps} are too few for one: give more, or its start");
        return own.start(settings.withFirstStep(request.steps() - left));
    }

    /**
     * Ends a batch.
     *
     * @param samples of the first network, noisy or finished, {@code float32 (B, C, H, W)}; freed
     * @param begun what the first network's run began with
     * @param noise whose streams the first network's run drew from
     * @param sampler of the first network
     * @param firstImage index of the batch's first picture
     * @return x₀, {@code float32 (B, C, H, W)}, owned by the current scope
     */
    Tensor finish(
            Tensor samples,
            BatchStart begun,
            NoiseSource noise,
            BatchSampler sampler,
            SampleSize size,
            int firstImage) {
        PipelineSetup first = sampler.setup();
        GenerationRequest request = sampler.request();
        SampleCodec codec = first.codec(sampler.outline());
        return pipeline.ask(outline -> TensorScope.keepResult(() -> {
            PipelineSetup setup = pipeline.setup().withScheduler(scheduler(first.scheduler()));
            int count = Math.toIntExact(samples.size(0));
            try (SchedulerRun run = start(request, first.scheduler(), codec.shape(size))) {
                Tensor handed = samples.to(setup.placement().torchDevice(), ScalarType.Float);
                boolean adds = request.sampling().refinerStart() == null;
                Tensor epsilon =
                        adds || begun.putsBack() ? noise.like(handed) : handed; // diffusers draws it for either
                Tensor from = adds ? run.addNoise(handed, epsilon) : handed.clone();
                int end = run.timesteps().length;
                AfterStep afterStep = begun.putsBack() ? begun.afterStep(handed, epsilon, end) : AfterStep.NONE;
                Branches branches =
                        new BranchMaker(setup, outline, request, size).make(firstImage, count, PictureUse.NONE, null);
                networks().pictureRead();
                return pipeline.owned().lend(own -> {
                    Denoiser denoiser = new GuidedDenoiser(own, setup.placement(), branches, request.guidance(), null);
                    Steering steering = new Steering(first.steering(), setup.scheduler(), codec, denoiser);
                    return sampler.loop(steering, run, end, noise, firstImage).run(from, afterStep);
                });
            }
        }));
    }

    /** How often its network is called for each batch. */
    int calls(GenerationRequest request, PipelineSetup first, DiffusionModel model, SampleSize size) {
        try (SchedulerRun run =
                start(request, first.scheduler(), first.codec(model).shape(size))) {
            return run.timesteps().length - run.stepIndex();
        }
    }

    /** Encodes the texts of a call, where its text encoders then go. */
    void encodeCall(GenerationRequest request, SampleSize size) {
        pipeline.ask(outline -> {
            networks().begin(new BranchMaker(pipeline.setup(), outline, request, size));
            return true;
        });
    }

    /** Encodes the texts of a round's pictures, where its text encoders then go: they are read once a round, however many batches it has. */
    void encodeRound(GenerationRequest request, SampleSize size, int first, int end) {
        pipeline.ask(outline -> {
            networks().beginRound(new BranchMaker(pipeline.setup(), outline, request, size), first, end);
            return true;
        });
    }

    /** What its networks do in a call. */
    CallNetworks networks() {
        return new CallNetworks(pipeline.owned());
    }
}
