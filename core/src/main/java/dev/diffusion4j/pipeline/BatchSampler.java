// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.guidance.Branches;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * Draws the pictures of a request batch by batch, each batch freed before the next one begins.
 *
 * @param model borrowed
 * @param owned lends control networks, and adapters that prompts ask for
 * @param noise of each batch
 * @param listener hears of each step
 */
record BatchSampler(
        PipelineSetup setup,
        DiffusionModel model,
        OwnedParts owned,
        GenerationRequest request,
        NoiseFactory noise,
        StepListener listener,
        Cancellation cancellation) {

    /** Takes a batch; what it keeps of it, it copies or retains. */
    @FunctionalInterface
    interface BatchSink {
        /**
         * @param first index of the batch's first picture
         * @param samples x₀, {@code float32 (B, C, H, W)} on the CPU; valid during the call only
         */
        void accept(int first, Tensor samples);
    }

    /** Draws all of them. The request fits the network: see {@link RequestCheck}. */
    void forEachBatch(SampleSize size, BatchSink sink) {
        PromptLoras loras = PromptLoras.of(request);
        try (StartPicture picture =
                StartPicture.read(request.inputs(), PictureUse.of(request.inputs(), model), size, setup.codec(model))) {
            int count;
            for (int first = 0; first < request.count(); first += count) {
                int start = first;
                int some = request.together(first);
                count = some;
                TensorScope.run(() -> sink.accept(
                        start,
                        owned.promptAdapters()
                                .run(setup, model, loras.of(start), () -> batch(size, picture, start, some))
                                .to(Devices.cpu(), ScalarType.Float)));
            }
        }
    }

    private Tensor batch(SampleSize size, @Nullable StartPicture picture, int first, int count) {
        SampleCodec codec = setup.codec(model);
        Device device = setup.placement().torchDevice();
        long[] one = codec.shape(size);
        long[] shape = {count, one[0], one[1], one[2]};
        try (NoiseSource source = noise.open(first, count);
                SchedulerRun run = setup.start(request, model, size);
                NoGradGuard guard = new NoGradGuard()) {
            BatchStart start = new BatchStart(picture, codec, shape, device, setup.encodesInFull(codec));
            Tensor sample = start.sample(run, source);
            Branches branches =
                    new BranchMaker(setup, model, request, size).make(first, count, start.use(), start.extra());
            ControlGuide control =
                    ControlGuide.read(request.inputs(), setup, codec, size, owned.controlNets(), run.stepIndex());
            Denoiser denoiser = new GuidedDenoiser(model, setup.placement(), branches, request.guidance(), control);
            Steering steering = new Steering(setup.steering(), setup.scheduler(), codec, denoiser);
            int end = Refiner.end(setup.refiner(), request, setup.scheduler(), run);
            Tensor drawn = loop(steering, run, end, source, first).run(sample, start);
            return setup.refiner() == null ? drawn : setup.refiner().finish(drawn, start, source, this, size, first);
        }
    }

    /** @param end the index of the call that is not made any more */
    DenoisingLoop loop(Steering steering, SchedulerRun run, int end, NoiseSource noise, int first) {
        return new DenoisingLoop(steering, run, end, noise, first, listener, cancellation);
    }
}
