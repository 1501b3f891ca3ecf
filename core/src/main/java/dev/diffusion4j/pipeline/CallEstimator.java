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
    /**
     * Height and width in latent numbers of the smallest tiles that are taken unasked: those of the smallest pictures that published
     * autoencoders were trained on, 256 pixels. In smaller ones nothing but seams would be seen.
     */
    private static final int SMALLEST_TILE = 32;

    /**
     * What a denoiser takes.
     *
     * @param pass of one batch
     * @param calls for each batch
     * @param numberBytes of a number in memory
     */
    private record Share(WeightBytes weights, PassCost pass, int calls, double numberBytes) {
        static final Share NONE = new Share(WeightBytes.NONE, PassCost.NONE, 0, 0);

        double passBytes() {
            return pass.values() * numberBytes;
        }
    }

    /** Empty where a denoiser does not say what it costs. */
    Optional<DrawingEstimate> estimate(GenerationRequest request, SampleSize size) {
        ControlCost control = control(request, size);
        Share own = own(request, size, control);
        Share refining = refining(request, size);
        if (own.pass.operations() == 0 || setup.refiner() != null && refining.pass.operations() == 0) {
            return Optional.empty();
        }
        SampleCodec codec = setup.forCall(request, outline).codec(outline);
        PassCost decoding = codec.decodeCost(size);
        PassCost encoding = request.inputs().picture() == null ? PassCost.NONE : codec.encodeCost(size);
        int together = request.canvas().together();
        double numbers = together * (double) codec.pictureChannels() * size.height() * size.width();
        double decoded = Math.max(decoding.values(), encoding.values()) * own.numberBytes + 3 * 4 * numbers;
        double drawn = Math.max(own.pass.values(), control.values()) + control.features();
        double most = own.weights.most(refining.weights, drawn * own.numberBytes, refining.passBytes(), decoded);
        double batches = (double) request.count() / together;
        return Optional.of(new DrawingEstimate(
                PROCESS_BYTES + most,
                own.weights.most(refining.weights, 0, 0, 0),
                batches
                                * (own.calls * own.pass.convolutions()
                                        + refining.calls * refining.pass.convolutions()
                                        + control.convolutions())
                        + request.count() * (decoding.convolutions() + encoding.convolutions()),
                batches
                                * (own.calls * own.pass.products()
                                        + refining.calls * refining.pass.products()
                                        + control.products())
                        + request.count() * (decoding.products() + encoding.products())));
    }

    private Share own(GenerationRequest request, SampleSize size, ControlCost control) {
        KeepNetworks keeping = keeping(request);
        WeightBytes weights = weights(keeping, request.canvas().batches() > 1, true)
                .withDenoiser(bytes(outline) + control.parameters() * numberBytes());
        return share(weights, request, sample(size), branches(request), calls(request, size));
    }

    private Share refining(GenerationRequest request, SampleSize size) {
        Refiner refiner = setup.refiner();
        if (refiner == null) {
            return Share.NONE;
        }
        int calls = refiner.calls(request, setup, outline, size);
        return refiner.pipeline().ask(its -> {
            CallEstimator other = new CallEstimator(
                    refiner.pipeline().setup(), refiner.pipeline().owned(), its);
            KeepNetworks keeping = other.owned.isPinned() ? KeepNetworks.ALWAYS : other.owned.keeping();
            WeightBytes weights =
                    other.weights(keeping, request.canvas().batches() > 1, keeping == KeepNetworks.ALWAYS);
            return other.share(weights, request, sample(size), other.isGuided(request) ? 2 : 1, calls);
        });
    }

    private Share share(WeightBytes weights, GenerationRequest request, SampleSize sample, int branches, int calls) {
        long batch = Math.min((long) branches * request.canvas().together(), Integer.MAX_VALUE);
        return new Share(weights, outline.cost(sample, (int) batch, WORDS), calls, numberBytes());
    }

    private ControlCost control(GenerationRequest request, SampleSize size) {
        int calls = calls(request, size);
        int together = request.canvas().together();
        return ControlCost.of(
                request.inputs(), setup, owned.controlNets(), sample(size), together, branches(request), calls, WORDS);
    }

    /** What was pinned stays, whatever was chosen. */
    private KeepNetworks keeping(GenerationRequest request) {
        return owned.isPinned() ? KeepNetworks.ALWAYS : CallNetworks.within(owned, request);
    }

    private SampleSize sample(SampleSize size) {
        long[] shape = setup.codec(outline).shape(size);
        return new SampleSize((int) shape[1], (int) shape[2]);
    }

    private boolean isGuided(GenerationRequest request) {
        return outline.guidanceFeatures() == 0 && request.guidance().weight() != 1;
    }

    private int branches(GenerationRequest request) {
        boolean edits = PictureUse.of(request.inputs(), outline) == PictureUse.EDIT;
        return !isGuided(request) ? 1 : edits ? 3 : 2;
    }

    private int calls(GenerationRequest request, SampleSize size) {
        try (SchedulerRun run = setup.start(request, outline, size)) {
            return Refiner.end(setup.refiner(), request, setup.scheduler(), run) - run.stepIndex();
        }
    }

    private WeightBytes weights(KeepNetworks keeping, boolean isRepeated, boolean hasAutoencoder) {
        double[] sums = new double[2];
        owned.leases().values().forEach(lease -> {
            boolean isAutoencoder = lease.ask(model -> model.modelClass().role()) == ModelRole.AUTOENCODER;
            sums[isAutoencoder ? 1 : 0] += lease.ask(this::bytes);
        });
        return new WeightBytes(keeping, isRepeated, bytes(outline), sums[0], hasAutoencoder ? sums[1] : 0);
    }

    private double numberBytes() {
        return setup.placement().dtype() == Precision.BF16 ? 2 : 4;
    }

    private double bytes(Model model) {
        return numberBytes() * model.parameterCount();
    }

    /**
     * The request with the choice of tiles made, where samples are latents: tiles where the whole picture's pass would not fit in what is
     * free, and that of a tile needs less. Where they are asked for and cannot be, it says so.
     */
    GenerationRequest withTiles(GenerationRequest request) {
        SampleCodec codec = setup.codec(outline);
        if (Boolean.TRUE.equals(request.canvas().tiles()) && codec.inTiles() == codec) {
            return request.with(r -> r.tiles(false));
        }
        if (request.canvas().tiles() != null
                || !codec.hasLatents()
                || owned.leases().isEmpty()) {
            return request;
        }
        if (codec.tile() / codec.scaleFactor() < SMALLEST_TILE) {
            return request.with(r -> r.tiles(false)); // whatever its size, for which a picture would have to be read
        }
        SampleSize size = new RequestCheck(setup, outline, owned.controlNets()).size(request);
        double values = values(codec, request, size);
        KeepNetworks keeping = keeping(request);
        WeightBytes weights = weights(keeping, request.canvas().batches() > 1, true);
        double unread = weights.isDenoiserKept() && !owned.network().isLoaded() ? weights.denoiser() : 0;
        boolean isTooLarge = values * numberBytes() + unread + weights.autoencoder()
                > MachineMemory.now().available();
        return request.with(r -> r.tiles(isTooLarge && canSave(codec, values, request, size)));
    }

    private static boolean canSave(SampleCodec codec, double values, GenerationRequest request, SampleSize size) {
        return values(codec.inTiles(), request, size) < values;
    }

    private static double values(SampleCodec codec, GenerationRequest request, SampleSize size) {
        return Math.max(
                codec.decodeCost(size).values(),
                request.inputs().picture() == null ? 0 : codec.encodeCost(size).values());
    }
}
