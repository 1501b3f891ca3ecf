// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelRole;
import dev.diffusion4j.model.PassCost;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.tensor.MachineMemory;
import dev.diffusion4j.tensor.Precision;
import java.util.Optional;

/**
 * Works out what a call will take.
 *
 * @param owned borrowed
 * @param outline the denoiser, of which only config and shapes are asked; borrowed
 */
record CallEstimator(PipelineSetup setup, OwnedParts owned, DiffusionModel outline) {
    /** The JVM with LibTorch, once it has drawn a picture of a tiny network. */
    private static final double PROCESS_BYTES = 600e6;

    private static final int WORDS = 77;

    /** What a call keeps in memory of each kind of network. */
    private record Weights(double denoiser, double texts, double autoencoder) {}

    /** Empty where the denoiser does not say what it costs. */
    Optional<DrawingEstimate> estimate(GenerationRequest request, SampleSize size) {
        SampleCodec codec = setup.forCall(request, outline).codec(outline);
        int together = request.canvas().together();
        PassCost pass = denoising(request, size, together);
        if (pass.operations() == 0) {
            return Optional.empty();
        }
        PassCost decoding = codec.decodeCost(size);
        PassCost encoding = request.inputs().picture() == null ? PassCost.NONE : codec.encodeCost(size);
        double passes = calls(request, size) * (double) request.count() / together;
        double numbers = together * (double) codec.pictureChannels() * size.height() * size.width();
        Weights weights = weights();
        double latentBytes = setup.placement().dtype() == Precision.BF16 ? 2 : 4;
        double drawn = weights.denoiser() + pass.values() * latentBytes;
        double decoded =
                weights.autoencoder() + Math.max(decoding.values(), encoding.values()) * latentBytes + 3 * 4 * numbers;
        double most = together(request, weights, drawn, decoded);
        double held = together(request, weights, weights.denoiser(), weights.autoencoder());
        return Optional.of(new DrawingEstimate(
                PROCESS_BYTES + most,
                held,
                passes * pass.convolutions() + request.count() * (decoding.convolutions() + encoding.convolutions()),
                passes * pass.products() + request.count() * (decoding.products() + encoding.products())));
    }

    /** The most of what is there at a time, as {@link CallNetworks} lets networks go. */
    private double together(GenerationRequest request, Weights weights, double drawing, double decoding) {
        double larger = Math.max(drawing, decoding);
        return switch (CallNetworks.within(owned, request)) {
            case ONE -> Math.max(larger, weights.texts());
            case CALL ->
                request.canvas().batches() == 1
                        ? Math.max(larger, weights.texts())
                        : Math.max(drawing + weights.autoencoder(), decoding + weights.denoiser());
            case ALWAYS -> weights.texts() + Math.max(drawing + weights.autoencoder(), decoding + weights.denoiser());
        };
    }

    private PassCost denoising(GenerationRequest request, SampleSize size, int together) {
        long[] shape = setup.codec(outline).shape(size);
        boolean guided = outline.guidanceFeatures() == 0 && request.guidance().weight() != 1;
        boolean edits = PictureUse.of(request.inputs(), outline) == PictureUse.EDIT;
        int branches = !guided ? 1 : edits ? 3 : 2;
        return outline.cost(
                new SampleSize((int) shape[1], (int) shape[2]),
                (int) Math.min((long) branches * together, Integer.MAX_VALUE),
                WORDS);
    }

    private int calls(GenerationRequest request, SampleSize size) {
        try (SchedulerRun run = setup.start(request, outline, size)) {
            return run.timesteps().length - run.stepIndex();
        }
    }

    private Weights weights() {
        double[] sums = new double[2];
        owned.leases().values().forEach(lease -> {
            boolean isAutoencoder = lease.ask(model -> model.modelClass().role()) == ModelRole.AUTOENCODER;
            sums[isAutoencoder ? 1 : 0] += lease.ask(this::bytes);
        });
        return new Weights(bytes(outline), sums[0], sums[1]);
    }

    private double bytes(Model model) {
        return (setup.placement().dtype() == Precision.BF16 ? 2.0 : 4.0) * model.parameterCount();
    }

    /** The request with the choice of tiles made, where samples are latents: where the whole picture's pass would not fit in what is free. */
    GenerationRequest withTiles(GenerationRequest request) {
        SampleCodec codec = setup.codec(outline);
        if (request.canvas().tiles() != null
                || !codec.hasLatents()
                || owned.leases().isEmpty()) {
            return request;
        }
        SampleSize size = new RequestCheck(setup, outline, owned.controlNets()).size(request);
        double values = Math.max(
                codec.decodeCost(size).values(),
                request.inputs().picture() == null ? 0 : codec.encodeCost(size).values());
        double need = values * (setup.placement().dtype() == Precision.BF16 ? 2 : 4);
        double kept = 0;
        Weights weights = weights();
        KeepNetworks keeping = CallNetworks.within(owned, request);
        if (keeping != KeepNetworks.ONE && request.canvas().batches() > 1 || keeping == KeepNetworks.ALWAYS) {
            kept = owned.network().isLoaded() ? 0 : weights.denoiser();
        }
        boolean tiles =
                need + kept + weights.autoencoder() > MachineMemory.now().available();
        return request.with(r -> r.tiles(tiles));
    }
}
