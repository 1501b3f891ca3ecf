// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.adapter.LoraSize;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelRole;
import dev.diffusion4j.model.PassCost;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.Work;
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
    /**
     * The JVM with LibTorch, once a network has worked: its compiled code, and the arrays of loops. 290 MB after a tiny network, 470 after that of
     * Stable Diffusion 1.5 at 512 pixels, when its weights had gone.
     */
    static final double PROCESS_BYTES = 500e6;
    /**
     * What the C library's allocator holds and cannot use again, as a share of the weights: the first pass puts each in order and frees it
     * as it was. That of Stable Diffusion 1.5 left 0.08 in bf16, and less in f32.
     */
    private static final double HOLES = 1.08;

    private static final int WORDS = 77;
    /**
     * Height and width in latent numbers of the smallest tiles that are taken unasked: those of the smallest pictures that published
     * autoencoders were trained on, 256 pixels. In smaller ones nothing but seams would be seen.
     */
    private static final int SMALLEST_TILE = 32;

    /**
     * What a denoiser takes.
     *
     * @param weights of its pipeline
     * @param made bytes that are made of its weights in the first pass and stay
     * @param read numbers of weights that are read
     * @param text what its text encoders compute
     * @param pass of one batch
     * @param calls for each batch
     */
    private record Share(WeightBytes weights, double made, double read, Work text, PassCost pass, int calls) {
        static final Share NONE = new Share(WeightBytes.NONE, 0, 0, Work.NONE, PassCost.NONE, 0);

        Work work() {
            return pass.work().times(calls);
        }
    }

    /** Empty where a denoiser does not say what it costs. */
    Optional<DrawingEstimate> estimate(GenerationRequest request, SampleSize size) {
        ControlCost control = control(request, size);
        Share own = own(request, size, control);
        Share refining = refining(request, size);
        if (own.pass.work().operations() == 0
                || setup.refiner() != null && refining.pass.work().operations() == 0) {
            return Optional.empty();
        }
        SampleCodec codec = setup.forCall(request, outline).codec(outline);
        PassCost decoding = codec.decodeCost(size);
        PassCost encoding = request.inputs().picture() == null ? PassCost.NONE : codec.encodeCost(size);
        int together = request.canvas().together();
        double numbers = together * (double) codec.pictureChannels() * size.height() * size.width();
        Precision precision = precision();
        double decoded = Math.max(decoding.bytes(precision), encoding.bytes(precision)) + 3 * 4 * numbers;
        LoraSize adapters = owned.promptAdapters().size(setup, request);
        double passes = Math.max(own.pass.bytes(precision), control.passBytes()) + control.features() * numberBytes();
        double drawn =
                Math.max(passes, adapters.fileBytes()); // which are read when the networks are, before the first pass
        WeightBytes inUse =
                own.weights.times(HOLES).plus(own.made, decoding.madeBytes(precision) + encoding.madeBytes(precision));
        double most = inUse.most(
                refining.weights.times(HOLES).plus(refining.made, 0), drawn, refining.pass.bytes(precision), decoded);
        Work ofBatch = own.work().plus(refining.work()).plus(control.work());
        Work work = ofBatch.times((double) request.count() / together)
                .plus(decoding.work().plus(encoding.work()).times(request.count()))
                .plus(own.text.plus(refining.text));
        return Optional.of(new DrawingEstimate(
                PROCESS_BYTES + most + adapters.bytes(numberBytes()),
                own.weights.most(refining.weights, 0, 0, 0),
                work,
                own.read + refining.read,
                !setup.steering().isEmpty()));
    }

    private Share own(GenerationRequest request, SampleSize size, ControlCost control) {
        KeepNetworks keeping = keeping(request);
        boolean looks =
                !setup.steering().isEmpty() || request.inputs().picture() != null && keeping == KeepNetworks.CALL;
        WeightBytes weights =
                weights(stay(keeping, request, size, looks), true).plus(control.parameters() * numberBytes(), 0);
        return share(
                weights, control.madeBytes(), request, size, sample(size), branches(request), calls(request, size));
    }

    private Share refining(GenerationRequest request, SampleSize size) {
        Refiner refiner = setup.refiner();
        if (refiner == null) {
            return Share.NONE;
        }
        int calls = refiner.calls(request, setup, outline, size);
        SampleSize sample = sample(size);
        return refiner.pipeline().ask(its -> {
            CallEstimator other = new CallEstimator(
                    refiner.pipeline().setup(), refiner.pipeline().owned(), its);
            KeepNetworks keeping = other.owned.isPinned() ? KeepNetworks.ALWAYS : other.owned.keeping();
            WeightBytes weights = other.weights(other.stay(keeping, request, size, false), keeping.isLasting());
            return other.share(weights, 0, request, size, sample, other.isGuided(request) ? 2 : 1, calls);
        });
    }

    private Share share(
            WeightBytes weights,
            double made,
            GenerationRequest request,
            SampleSize size,
            SampleSize sample,
            int branches,
            int calls) {
        long batch = Math.min((long) branches * request.canvas().together(), Integer.MAX_VALUE);
        PassCost pass = outline.cost(sample, (int) batch, WORDS);
        double texts = texts(request, size) + (branches > 1 && request.subject().negatives(0, 1) == null ? 1 : 0);
        Work text = new Work(0, 2 * WORDS * texts * weights.texts() / numberBytes(), 0, 0, 0, 0);
        return new Share(weights, made + pass.madeBytes(precision()), read(weights, request), text, pass, calls);
    }

    private int texts(GenerationRequest request, SampleSize size) {
        return new BranchMaker(setup, outline, request, size).texts(0, request.count());
    }

    private WeightBytes.Stay stay(KeepNetworks keeping, GenerationRequest request, SampleSize size, boolean looks) {
        return new WeightBytes.Stay(
                keeping, request.canvas().batches() > 1, !CallNetworks.canWait(texts(request, size)), looks);
    }

    /** One at a time, networks are read again for each round. */
    private double read(WeightBytes weights, GenerationRequest request) {
        double all = (weights.denoiser() + weights.texts() + weights.autoencoder()) / numberBytes();
        return owned.keeping() == KeepNetworks.ONE
                ? all * Math.ceil((double) request.count() / CallNetworks.WAITING)
                : owned.network().isLoaded() ? 0 : all;
    }

    private ControlCost control(GenerationRequest request, SampleSize size) {
        int calls = calls(request, size);
        int together = request.canvas().together();
        return ControlCost.of(
                request.inputs(), setup, owned.controlNets(), sample(size), together, branches(request), calls, WORDS);
    }

    /** What was pinned stays, whatever was chosen. */
    private KeepNetworks keeping(GenerationRequest request) {
        return owned.isPinned() ? KeepNetworks.ALWAYS : CallNetworks.within(setup, owned, request);
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

    private WeightBytes weights(WeightBytes.Stay stay, boolean hasAutoencoder) {
        double[] sums = new double[2];
        owned.leases().values().forEach(lease -> {
            boolean isAutoencoder = lease.ask(model -> model.modelClass().role()) == ModelRole.AUTOENCODER;
            sums[isAutoencoder ? 1 : 0] += lease.ask(this::bytes);
        });
        return new WeightBytes(stay, bytes(outline), sums[0], hasAutoencoder ? sums[1] : 0);
    }

    private Precision precision() {
        return setup.placement().dtype();
    }

    private double numberBytes() {
        return precision() == Precision.BF16 ? 2 : 4;
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
        double bytes = bytes(codec, request, size);
        WeightBytes weights = weights(stay(keeping(request), request, size, false), true);
        double unread = weights.isDenoiserKept() && !owned.network().isLoaded() ? weights.denoiser() : 0;
        boolean isTooLarge =
                bytes + unread + weights.autoencoder() > MachineMemory.now().available();
        return request.with(r -> r.tiles(isTooLarge && bytes(codec.inTiles(), request, size) < bytes));
    }

    /** Of a pass of the autoencoder, with what is made of its weights. */
    private double bytes(SampleCodec codec, GenerationRequest request, SampleSize size) {
        PassCost decoding = codec.decodeCost(size);
        PassCost encoding = request.inputs().picture() == null ? PassCost.NONE : codec.encodeCost(size);
        return Math.max(decoding.bytes(precision()), encoding.bytes(precision()))
                + decoding.madeBytes(precision())
                + encoding.madeBytes(precision());
    }
}
