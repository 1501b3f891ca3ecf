// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.guidance.Branches;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.controlnet.ControlNetModel;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * Draws the pictures of a request batch by batch. Batches form rounds: all of a round are made ready, then all are denoised, then all are
 * handed out, so that a network that goes in between is read once a round. A round is freed before the next one begins.
 *
 * @param outline the network, of which only config and shapes are asked; borrowed
 * @param scales how strongly each picture is guided; {@code null} where all are as the request says
 * @param noise of each batch
 * @param listener is called after each step
 */
record BatchSampler(
        PipelineSetup setup,
        CallNetworks networks,
        DiffusionModel outline,
        GenerationRequest request,
        @Nullable List<Double> scales,
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

    /** Which pictures are drawn together. */
    private record Pictures(int first, int count) {
        int end() {
            return first + count;
        }
    }

    /** A batch before its first step. */
    private record Ready(
            Pictures pictures, NoiseSource noise, SchedulerRun run, BatchStart start, Tensor sample, Branches branches)
            implements AutoCloseable {
        @Override
        public void close() {
            run.close();
            noise.close();
        }
    }

    /**
     * Draws all of them. The request fits the network: see {@link RequestCheck}. However it ends, the networks that need not stay are
     * dropped.
     */
    void forEachBatch(SampleSize size, BatchSink sink) {
        try {
            networks.during(setup, request, own -> drawAll(own, size, sink));
        } finally {
            networks.end();
            if (setup.refiner() != null) {
                setup.refiner().networks().end();
            }
        }
    }

    private void drawAll(CallNetworks own, SampleSize size, BatchSink sink) {
        BranchMaker maker = new BranchMaker(setup, outline, request, size, scales);
        PictureUse use = PictureUse.of(request.inputs(), outline);
        PromptLoras loras = PromptLoras.of(request);
        try (StartPicture picture = StartPicture.read(request.inputs(), use, size, setup.codec(outline))) {
            own.begin(maker);
            if (setup.refiner() != null) {
                setup.refiner().encodeCall(request, size);
            }
            int end;
            for (int first = 0; first < request.count(); first = end) {
                List<Pictures> batches = batches(first, own.perRound());
                end = batches.get(batches.size() - 1).end();
                TensorScope.run(() -> own.seen(setup, loras.of(batches.get(0).first()), () -> {
                    round(own, maker, picture, batches, sink);
                    return true;
                }));
            }
        }
    }

    /** Whole batches of {@code most} pictures together, at least one. */
    private List<Pictures> batches(int first, int most) {
        List<Pictures> batches = new ArrayList<>();
        int next = first;
        do {
            Pictures pictures = new Pictures(next, request.together(next));
            batches.add(pictures);
            next = pictures.end();
        } while (next < request.count() && next + request.together(next) - first <= most);
        return batches;
    }

    private void round(
            CallNetworks own,
            BranchMaker maker,
            @Nullable StartPicture picture,
            List<Pictures> pictures,
            BatchSink sink) {
        int end = pictures.get(pictures.size() - 1).end();
        List<Ready> batches = new ArrayList<>();
        List<Tensor> samples = new ArrayList<>();
        try (NoGradGuard guard = new NoGradGuard()) {
            own.beginRound(maker, pictures.get(0).first(), end);
            pictures.forEach(some -> batches.add(ready(maker, picture, some)));
            own.pictureRead();
            own.holdingCodec(!setup.steering().isEmpty(), () -> {
                own.denoise(setup, request, (model, controls) -> {
                    batches.forEach(batch -> samples.add(denoised(model, controls, maker.size(), batch)));
                    return true;
                });
                own.denoised(end == request.count());
                if (setup.refiner() != null) {
                    setup.refiner()
                            .encodeRound(request, maker.size(), pictures.get(0).first(), end);
                }
                for (int i = 0; i < batches.size() && setup.refiner() != null; i++) {
                    samples.set(i, refined(setup.refiner(), samples.get(i), batches.get(i), maker.size()));
                }
                return true;
            });
        } finally {
            batches.forEach(Ready::close);
        }
        if (setup.refiner() != null) {
            setup.refiner().networks().denoised(end == request.count());
        }
        for (int i = 0; i < samples.size(); i++) {
            sink.accept(batches.get(i).pictures().first(), samples.get(i));
        }
        own.handedOut();
    }

    private Ready ready(BranchMaker maker, @Nullable StartPicture picture, Pictures pictures) {
        SampleCodec codec = setup.codec(outline);
        long[] one = codec.shape(maker.size());
        long[] shape = {pictures.count(), one[0], one[1], one[2]};
        NoiseSource source = noise.open(pictures.first(), pictures.count());
        try {
            SchedulerRun run = setup.start(request, outline, maker.size());
            try {
                Device device = setup.placement().torchDevice();
                BatchStart start = new BatchStart(picture, codec, shape, device, setup.encodesInFull(codec));
                Tensor sample = start.sample(run, source);
                Branches branches = maker.make(pictures.first(), pictures.count(), start.use(), start.extra());
                return new Ready(pictures, source, run, start, sample, branches);
            } catch (Throwable e) {
                run.close();
                throw e;
            }
        } catch (Throwable e) {
            source.close();
            throw e;
        }
    }

    /** x₀, or what a refiner takes over, {@code float32 (B, C, H, W)}; of the current scope's. */
    private Tensor denoised(DiffusionModel model, List<ControlNetModel> controls, SampleSize size, Ready batch) {
        SampleCodec codec = setup.codec(outline);
        SchedulerRun run = batch.run();
        return TensorScope.keepResult(() -> {
            ControlGuide control = ControlGuide.read(request.inputs(), setup, codec, size, controls, run.stepIndex());
            Denoiser denoiser =
                    new GuidedDenoiser(model, setup.placement(), batch.branches(), request.guidance(), control);
            Steering steering = new Steering(setup.steering(), setup.scheduler(), codec, denoiser);
            int end = Refiner.end(setup.refiner(), request, setup.scheduler(), run);
            Tensor drawn = loop(
                            steering, run, end, batch.noise(), batch.pictures().first())
                    .run(batch.sample(), batch.start().afterStep(end));
            return setup.refiner() == null ? drawn.to(Devices.cpu(), ScalarType.Float) : drawn;
        });
    }

    private Tensor refined(Refiner refiner, Tensor drawn, Ready batch, SampleSize size) {
        return TensorScope.keepResult(() -> refiner.finish(
                        drawn,
                        batch.start(),
                        batch.noise(),
                        this,
                        size,
                        batch.pictures().first())
                .to(Devices.cpu(), ScalarType.Float));
    }

    /** @param end the index of the call that is not made any more */
    DenoisingLoop loop(Steering steering, SchedulerRun run, int end, NoiseSource source, int first) {
        return new DenoisingLoop(steering, run, end, source, first, listener, cancellation);
    }
}
