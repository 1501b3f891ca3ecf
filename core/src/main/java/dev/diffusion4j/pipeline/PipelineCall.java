// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static org.bytedeco.pytorch.global.torch.cat;

import dev.diffusion4j.adapter.LoraApplied;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.jspecify.annotations.Nullable;

/**
 * One call of a pipeline.
 *
 * @param owned borrowed
 * @param outline the denoiser, of which only config and shapes are asked; borrowed
 * @param request with nothing left open
 */
record PipelineCall(PipelineSetup setup, OwnedParts owned, DiffusionModel outline, GenerationRequest request) {

    /**
     * The size of the pictures.
     *
     * @throws dev.diffusion4j.base.Problem naming what cannot be drawn
     */
    SampleSize check() {
        SampleSize size = new RequestCheck(setup, outline, owned.controlNets()).check(request);
        estimate(size).ifPresent(need -> DrawingNeed.checkMemory(need, size, owned.keeping()));
        lorasOfPrompts();
        return size;
    }

    /** What it will take; empty where the networks do not say it. */
    Optional<DrawingEstimate> estimate(SampleSize size) {
        return new CallEstimator(setup, owned, outline).estimate(request, size);
    }

    /** How much counts of each adapter that prompts ask for; no network is loaded for it. */
    List<LoraApplied> lorasOfPrompts() {
        return owned.promptAdapters().applied(setup, outline, request);
    }

    /**
     * What is worth saying before it: a line each.
     *
     * @throws dev.diffusion4j.base.Problem naming what cannot be drawn
     */
    List<String> notices() {
        SampleSize size = check();
        List<String> lines = new ArrayList<>();
        if (owned.keeping() == KeepNetworks.ONE && PromptLoras.areAskedFor(request)) {
            lines.add("{prompt} asks for adapters: all networks are in memory together until the call ends,"
                    + " whatever {keeping} says; an adapter that is given with {loras} leaves them one at a time");
        }
        int channels = setup.codec(outline).pictureChannels();
        try (SchedulerRun run = setup.start(request, outline, size)) {
            lines.addAll(GuidanceNotices.of(setup.steering(), request.guidance(), channels, run.timesteps().length));
        }
        return lines;
    }

    /** All samples; the caller closes them. */
    GenerationResult all(NoiseFactory noise, StepListener listener, Cancellation cancellation) {
        SampleSize size = check();
        Tensor samples = TensorScope.ownResult(() -> {
            TensorVector batches = new TensorVector();
            sampler(null, noise, listener, cancellation).forEachBatch(size, (first, batch) -> batches.push_back(batch));
            return cat(batches, 0);
        });
        return results(size, new CallNetworks(owned)::decoded).apply(samples);
    }

    /** Batch by batch, as they are drawn. */
    void each(ResultSink sink, StepListener listener, Cancellation cancellation) {
        each(null, NoiseFactory.of(request), sink, listener, cancellation);
    }

    /**
     * Batch by batch, as they are drawn.
     *
     * @param scales how strongly each picture is guided; {@code null} where all are as the request says
     */
    void each(
            @Nullable List<Double> scales,
            NoiseFactory noise,
            ResultSink sink,
            StepListener listener,
            Cancellation cancellation) {
        SampleSize size = check();
        Function<Tensor, GenerationResult> results = results(size, () -> {});
        sampler(scales, noise, listener, cancellation)
                .forEachBatch(size, (first, batch) -> sink.accept(first, results.apply(batch)));
    }

    private BatchSampler sampler(
            @Nullable List<Double> scales, NoiseFactory noise, StepListener listener, Cancellation cancellation) {
        return new BatchSampler(
                setup.forCall(request, outline),
                new CallNetworks(owned),
                outline,
                request,
                scales,
                noise,
                listener,
                cancellation);
    }

    /** @param afterDecoding runs after each result is decoded */
    private Function<Tensor, GenerationResult> results(SampleSize size, Runnable afterDecoding) {
        SampleCodec codec = setup.forCall(request, outline).codec(outline);
        String remedy = GuidanceNotices.remedy(setup.steering(), request);
        MaskCrop crop = MaskCrop.of(request.inputs(), size);
        return samples -> new GenerationResult(samples, codec, remedy, crop, afterDecoding);
    }
}
