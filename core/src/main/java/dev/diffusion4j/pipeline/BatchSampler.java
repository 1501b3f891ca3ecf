// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.condition.Conditioner;
import dev.diffusion4j.condition.Subject;
import dev.diffusion4j.guidance.Branches;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * Draws the pictures of a request batch by batch, each batch freed before the next one begins.
 *
 * @param model borrowed
 * @param noise of each batch
 * @param listener hears of each step
 */
record BatchSampler(
        PipelineSetup setup,
        DiffusionModel model,
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
        int together = request.canvas().together();
        try (StartPicture picture = StartPicture.read(request.inputs(), size, setup.codec(model))) {
            for (int first = 0; first < request.count(); first += together) {
                int start = first;
                int count = Math.min(together, request.count() - first);
                TensorScope.run(() ->
                        sink.accept(start, batch(size, picture, start, count).to(Devices.cpu(), ScalarType.Float)));
            }
        }
    }

    private Tensor batch(SampleSize size, @Nullable StartPicture picture, int first, int count) {
        SampleCodec codec = setup.codec(model);
        long[] one = codec.shape(size);
        long[] shape = {count, one[0], one[1], one[2]};
        try (NoiseSource source = noise.open(first, count);
                SchedulerRun run = setup.start(request, model, size)) {
            Denoiser denoiser =
                    new GuidedDenoiser(model, setup.placement(), branches(size, first, count), request.guidance());
            Steering steering = new Steering(setup.steering(), setup.scheduler(), codec, denoiser);
            DenoisingLoop loop = new DenoisingLoop(steering, run, source, first, listener, cancellation);
            if (picture == null) {
                return loop.run(
                        DenoisingLoop.Start.fromNoise(shape, setup.placement().torchDevice()), AfterStep.NONE);
            }
            StartPicture.BatchStart start =
                    picture.new BatchStart(count, setup.placement().torchDevice());
            return loop.run(start, start);
        }
    }

    /** The conditions of a batch's pictures, with what they are guided away from where they are guided. */
    private Branches branches(SampleSize size, int first, int count) {
        Conditioner conditioner = setup.conditioner(request, size);
        Conditioning with = moved(conditioner.encode(request.subject().subjects(first, count)));
        if (request.guidance().weight() == 1) {
            return Branches.of(with);
        }
        List<Subject> negatives = request.subject().negatives(first, count);
        Conditioning away = negatives == null
                ? conditioner.drop(
                        with,
                        Tensors.ofDoubles(new double[count])
                                .to(setup.placement().torchDevice(), ScalarType.Float))
                : moved(conditioner.encodeAway(negatives));
        double[] scales = new double[count];
        Arrays.fill(scales, request.guidance().weight());
        return Branches.of(List.of(with, away), List.of(scales));
    }

    private Conditioning moved(Conditioning conditioning) {
        return conditioning.to(setup.placement().torchDevice(), ScalarType.Float);
    }
}
