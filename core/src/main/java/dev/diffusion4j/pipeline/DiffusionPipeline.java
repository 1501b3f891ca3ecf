// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.adapter.LoraApplied;
import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.adapter.LoraView;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.condition.Conditioner;
import dev.diffusion4j.condition.Subject;
import dev.diffusion4j.folder.PartLease;
import dev.diffusion4j.folder.PartStore;
import dev.diffusion4j.folder.PipelinePlace;
import dev.diffusion4j.folder.SaveOptions;
import dev.diffusion4j.guidance.LossGuidance;
import dev.diffusion4j.model.ClassInput;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.PromptWords;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Placement;
import dev.diffusion4j.tensor.Precision;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A network with a scheduler: draws pictures. Immutable and thread-safe: any number of threads, virtual ones too, may call {@link #generate}
 * at once. Each thread that calls it gets helpers of LibTorch's, which stay: for many callers there is {@code DiffusionService}. Close it
 * to free the network; calls that are running end first. What the {@code with…} methods return are views of it that share its network: they
 * need not be closed, and end with it.
 *
 * <pre>{@code
 * try (var pipeline = DiffusionPipeline.load(Path.of("my-model"));
 *         var result = pipeline.generate(GenerationRequest.of(r -> r.seed(7)))) {
 *     ImageIO.write(result.images().get(0), "png", new File("picture.png"));
 * }
 * }</pre>
 */
public final class DiffusionPipeline implements AutoCloseable {
    private static final Placement IN_F32 = new Placement("cpu", Precision.F32, 0);

    private final OwnedParts owned;
    private final PipelineSetup setup;
    private final PipelineOrigin origin;
    private final boolean isView;
    private final AtomicBoolean closed = new AtomicBoolean();

    private DiffusionPipeline(OwnedParts owned, PipelineSetup setup, PipelineOrigin origin, boolean isView) {
        this.owned = owned;
        this.setup = setup;
        this.origin = origin;
        this.isView = isView;
    }

    private static DiffusionPipeline ofParts(
            OwnedParts owned, Scheduler scheduler, PipelineParts parts, Placement placement) {
        return of(owned, PipelineSetup.of(scheduler, parts, placement), PipelineOrigin.NONE);
    }

    static DiffusionPipeline of(OwnedParts owned, PipelineSetup setup, PipelineOrigin origin) {
        return new DiffusionPipeline(owned, setup, origin, false);
    }

    private DiffusionPipeline view(PipelineSetup other) {
        checkOpen();
        return new DiffusionPipeline(owned, other, origin, true);
    }

    private void checkOpen() {
        if (closed.get()) {
            throw new IllegalStateException("this pipeline is closed");
        }
    }

    <R> R use(Function<DiffusionModel, R> body) {
        checkOpen();
        return owned.use(model -> setup.adapters().run(() -> body.apply(model)));
    }

    /** As {@link #use}, where config and shapes of the network are enough. */
    <R> R ask(Function<DiffusionModel, R> body) {
        checkOpen();
        return owned.ask(model -> setup.adapters().run(() -> body.apply(model)));
    }

    /** Loads what diffusers or this library saved, on the CPU in f32. */
    public static DiffusionPipeline load(Path place) {
        return load(place, LoadOptions.DEFAULT);
    }

    /** Loads what diffusers or this library saved, with a network of its own. */
    public static DiffusionPipeline load(Path place, LoadOptions options) {
        return load(place, options, new PartStore());
    }

    /**
     * Loads what diffusers or this library saved.
     *
     * @param place a model folder, the folder of a finished run, or {@code org/name[@revision]} of the Hub, as {@link PipelinePlace} has it;
     *     or a single file in Stable Diffusion's original layout
     * @param store pipelines of one store share the network of one folder, where they are loaded with the same options
     * @throws Problem naming the file and what is wrong with it, or the first part of the folder that is not known
     */
    public static DiffusionPipeline load(Path place, LoadOptions options, PartStore store) {
        return PipelineLoader.load(place, options, store);
    }

    /** This, with what ends its pictures, which it becomes the owner of. */
    DiffusionPipeline owning(DiffusionPipeline refiner) {
        return of(owned.with(refiner), setup.withRefiner(new Refiner(refiner)), origin);
    }

    /** Of parts; the pipeline becomes the owner of {@code model}, which lies on the CPU in f32. */
    public static DiffusionPipeline of(DiffusionModel model, Scheduler scheduler) {
        return of(model, scheduler, PipelineParts.of(model));
    }

    /** Of parts; the pipeline becomes the owner of {@code model} and {@code parts}, which lie on the CPU in f32. */
    public static DiffusionPipeline of(DiffusionModel model, Scheduler scheduler, PipelineParts parts) {
        return ofParts(new OwnedParts(PartLease.owning(model), parts, KeepNetworks.ALWAYS), scheduler, parts, IN_F32);
    }

    /** Of parts; {@code model}, on the CPU in f32, stays its owner's: close the pipeline first. */
    public static DiffusionPipeline borrowing(DiffusionModel model, Scheduler scheduler) {
        PipelineParts own = PipelineParts.of(model);
        return ofParts(new OwnedParts(PartLease.borrowing(model), own, KeepNetworks.ALWAYS), scheduler, own, IN_F32);
    }

    /**
     * Of parts; {@code model} and {@code parts} stay their owner's: close the pipeline first.
     *
     * @param placement where both lie, and in what
     */
    public static DiffusionPipeline borrowing(
            DiffusionModel model, Scheduler scheduler, PipelineParts parts, Placement placement) {
        return ofParts(
                new OwnedParts(PartLease.borrowing(model), null, KeepNetworks.ALWAYS), scheduler, parts, placement);
    }

    /**
     * A view of this pipeline with another algorithm, whose settings are taken over from the present one where both know them, as
     * diffusers' {@code from_config} does.
     *
     * @param settings changes, by the keys of {@code scheduler_config.json}
     * @throws Problem where the network was not trained for such an algorithm
     */
    public DiffusionPipeline withScheduler(SchedulerKind kind, Map<String, ?> settings) {
        Map<String, @Nullable Object> config = new LinkedHashMap<>(scheduler().config());
        config.putAll(settings);
        return withScheduler(kind.create(config));
    }

    /**
     * A view with an algorithm of the application's own, or a built-in one that is configured from scratch.
     *
     * @throws Problem where the network was not trained for such an algorithm
     */
    public DiffusionPipeline withScheduler(Scheduler other) {
        return view(setup.withScheduler(other));
    }

    /** {@link #withScheduler(SchedulerKind, Map)} without changes. */
    public DiffusionPipeline withScheduler(SchedulerKind kind) {
        return withScheduler(kind, Map.of());
    }

    /** A view whose samples are steered by these losses, all at once, in place of those of before. What they need is borrowed. */
    public DiffusionPipeline steeredBy(List<LossGuidance> guidances) {
        return view(setup.withSteering(guidances));
    }

    /** A view whose conditions are encoded by {@code conditioner}, which is borrowed. */
    public DiffusionPipeline withConditioner(Conditioner conditioner) {
        return view(setup.withConditioner(conditioner));
    }

    /**
     * A view whose pictures {@code refiner} ends, with this pipeline's algorithm and codec, as a request's {@code refinerStart} says. It is
     * borrowed.
     */
    public DiffusionPipeline refinedBy(DiffusionPipeline refiner) {
        return view(setup.withRefiner(new Refiner(refiner)));
    }

    /** A view whose samples are the pictures that {@code codec} encodes; it is borrowed. */
    public DiffusionPipeline withCodec(SampleCodec codec) {
        return view(setup.withCodec(codec));
    }

    /**
     * Fits adapters to the network and the text encoders, for {@link #withAdapters} of this pipeline and its views.
     *
     * @return a view of them that the caller closes, before this pipeline; the adapters may be closed at once
     * @throws Problem where one does not fit the network, counting what does
     */
    public LoraView fit(List<LoraView.Use> uses) {
        return use(model -> {
            owned.pin(); // the view knows the layers of these very networks
            return setup.parts().use(others -> PipelineAdapters.view(model, others, uses));
        });
    }

    /**
     * A view that sees the networks through adapters, in place of those of the view before; those that were added to the weights when it
     * was loaded count besides. Views with other adapters, or none, draw at the same time; {@link #save(Path)} writes the network
     * without them.
     *
     * @param adapters of {@link #fit}; borrowed
     */
    public DiffusionPipeline withAdapters(LoraView adapters) {
        return adapted(setup.withAdapters(adapters));
    }

    /**
     * A view whose calls see the networks through these adapters besides, in place of those of the view before: as {@code <lora:name:0.8>} in
     * prompts, they are read when a call needs them, and hold no network in memory.
     */
    public DiffusionPipeline withLoras(List<LoraChoice> choices) {
        return adapted(setup.withLoras(choices));
    }

    private DiffusionPipeline adapted(PipelineSetup other) {
        checkOpen();
        return new DiffusionPipeline(owned, other, origin.hashedWith(loras(other)), true);
    }

    /** What samples are steered by. */
    public List<LossGuidance> steering() {
        return setup.steering();
    }

    /** Between pictures and samples; borrowed. */
    public SampleCodec codec() {
        return ask(setup::codec);
    }

    /** The adapters that count: those that were added to the weights when they were loaded, then those of {@link #withAdapters} and {@link #withLoras}. */
    public List<LoraChoice> loras() {
        return loras(setup);
    }

    /** How much of each adapter's file counts, in the order of {@link #loras}; without those of {@link #withLoras}, which are a call's. */
    public List<LoraApplied> lorasApplied() {
        return Stream.concat(origin.applied().stream(), setup.adapters().applied().stream())
                .toList();
    }

    private List<LoraChoice> loras(PipelineSetup with) {
        return Stream.of(origin.loras(), with.adapters().choices(), with.loras())
                .flatMap(List::stream)
                .toList();
    }

    /** Draws pictures. */
    public GenerationResult generate(GenerationRequest request) {
        return generate(request, StepListener.NONE, new Cancellation());
    }

    /**
     * Draws pictures.
     *
     * @param listener is called after each step of each batch, on this thread
     * @param cancellation lets another thread end the call within one step
     * @return the samples, whose pictures this pipeline's codec decodes; the caller closes it, before this pipeline
     * @throws java.util.concurrent.CancellationException where it was cancelled, or the thread interrupted
     * @throws Problem where the network cannot draw what was asked for
     */
    public GenerationResult generate(GenerationRequest request, StepListener listener, Cancellation cancellation) {
        return generate(request, NoiseFactory.of(request), listener, cancellation);
    }

    /** As {@link #generate(GenerationRequest, StepListener, Cancellation)} from other noise. */
    public GenerationResult generate(
            GenerationRequest asked, NoiseFactory noise, StepListener listener, Cancellation cancellation) {
        GenerationRequest request = filled(asked);
        return ask(model -> call(model, request).all(noise, listener, cancellation));
    }

    /**
     * Draws pictures and hands them out batch by batch, as they are drawn: memory does not grow with their number.
     *
     * @param sink takes each batch, on this thread; where it throws, the call ends so
     * @param listener is called after each step of each batch, on this thread
     * @param cancellation lets another thread end the call within one step
     * @throws java.util.concurrent.CancellationException where it was cancelled, or the thread interrupted
     * @throws Problem where the network cannot draw what was asked for
     */
    public void draw(GenerationRequest asked, ResultSink sink, StepListener listener, Cancellation cancellation) {
        GenerationRequest request = filled(asked);
        ask(model -> {
            call(model, request).each(sink, listener, cancellation);
            return true;
        });
    }

    private PipelineCall call(DiffusionModel model, GenerationRequest request) {
        return new PipelineCall(setup, owned, model, request);
    }

    /**
     * How much counts of each adapter's file of {@link #withLoras}, then of those that a request's prompts ask for.
     *
     * @throws Problem where one is not there or does not fit
     */
    public List<LoraApplied> lorasApplied(GenerationRequest request) {
        return ask(model -> call(model, request).lorasOfPrompts());
    }

    /** The same request with all that it leaves to the network: how strongly it is guided, how much of a picture is drawn anew. */
    public GenerationRequest filled(GenerationRequest request) {
        return ask(model -> {
            GenerationRequest filled = new RequestDefaults(setup, model).filled(request);
            return new CallEstimator(setup, owned, model).withTiles(filled);
        });
    }

    /**
     * What is worth saying of guidances that would do nothing, or something other than their text suggests, and of memory that a call takes
     * in spite of what was asked: a line each.
     *
     * @throws Problem as {@link #generate(GenerationRequest)}
     */
    public List<String> notices(GenerationRequest asked) {
        GenerationRequest request = filled(asked);
        return ask(model -> call(model, request).notices());
    }

    /**
     * Looks whether {@link #generate} can draw this, without drawing anything.
     *
     * @return the size that its pictures will have
     * @throws Problem where the network cannot draw what is asked for
     * @throws IllegalArgumentException where the scheduler cannot run so
     */
    public SampleSize check(GenerationRequest asked) {
        GenerationRequest request = filled(asked);
        return ask(model -> {
            SampleSize size = call(model, request).check();
            setup.start(request, model, size).close();
            return size;
        });
    }

    /**
     * Writes a folder that diffusers can load (where it knows the networks), or replaces the files of one: the network, the networks
     * of conditioner and codec, and the algorithm. In the folder that it was loaded from, parts that were not needed stay.
     *
     * @throws Problem where it cannot be written; what was there is then whole still
     */
    public void save(Path folder) {
        save(folder, SaveOptions.DEFAULT);
    }

    /** {@link #save(Path)} in several files of weights, or as a variant. */
    public void save(Path folder, SaveOptions options) {
        use(model -> setup.parts().use(others -> {
            origin.save(folder, options, model, owned, setup);
            return true;
        }));
    }

    PipelineSetup setup() {
        return setup;
    }

    OwnedParts owned() {
        return owned;
    }

    /** The algorithm. */
    public Scheduler scheduler() {
        return setup.scheduler();
    }

    /** What the network computes in: f32 or bf16. */
    public Precision precision() {
        return setup.placement().dtype();
    }

    /** Where it computes: {@code cpu}, {@code cuda:0}. */
    public String deviceName() {
        return Devices.name(setup.placement().torchDevice());
    }

    /** What counted beside the model's own files when it was loaded. */
    public FilesBeside filesBeside() {
        return origin.beside();
    }

    /** What was guessed while it was loaded, a line each; fields stand in braces. */
    public List<String> loadingNotes() {
        return origin.notes();
    }

    /** SHA-256 of the weights' files, a {@link Problem} where they cannot be read; empty where the network was not loaded from files. */
    public String modelHash() {
        return origin.hash().get();
    }

    /** The steps of a call without pictures where none are asked for. */
    public int defaultSteps() {
        return defaultSteps(GenerationRequest.DEFAULT);
    }

    /**
     * The steps of a call where none are asked for: 4 for a network that was distilled with guidance, 100 for one that changes pictures; all
     * that were trained for DDPM and the lessons' loop, else 50.
     */
    public int defaultSteps(GenerationRequest request) {
        return ask(model -> new RequestDefaults(setup, model).steps(request.inputs()));
    }

    /**
     * Frees the network's memory as soon as no call runs; the next call, of this pipeline or of any that shares the network, loads it
     * again from the folder, which must be as it was.
     *
     * @return whether it does: not for a pipeline of parts, nor once adapters were fitted or it was saved over its own folder
     */
    public boolean dropNetwork() {
        checkOpen();
        return owned.network().drop();
    }

    /**
     * As {@link #dropNetwork()} for a network beside the denoiser.
     *
     * @param part its name in the folder: {@code text_encoder}, {@code vae}
     * @return whether it does: not for one that cannot be loaded again
     */
    public boolean dropNetwork(String part) {
        checkOpen();
        PartLease lease = owned.leases().get(part);
        return lease != null && lease.drop();
    }

    /** The names of its parts that are networks in memory now: {@code unet}, {@code vae}; and of the folders of control networks. */
    public Set<String> networksInMemory() {
        return owned.loaded();
    }

    /** What a call will take, worked out before anything is computed; empty where its networks do not say it. */
    public Optional<DrawingEstimate> estimate(GenerationRequest asked) {
        GenerationRequest request = filled(asked);
        return ask(model -> call(model, request).estimate(call(model, request).check()));
    }

    /** How its network takes classes. */
    public ClassInput classInput() {
        return ask(DiffusionModel::classInput);
    }

    /** The words that its network was trained on; empty where it takes none. */
    public Optional<PromptWords> prompts() {
        return ask(DiffusionModel::prompts);
    }

    /** Whether it draws what words say. */
    public boolean readsPrompts() {
        return prompts().isPresent() || setup.conditioner().takes() == Subject.Kind.PROMPT;
    }

    /** Whether its network sees a pooled text beside the words, as Stable Diffusion XL's does. */
    public boolean seesPooledText() {
        return setup.conditioner().givesPooledText();
    }

    /** What of a request's prompts it will not read, in a sentence for each reason: words beyond the longest text. */
    public List<String> unread(GenerationRequest request) {
        return ask(model -> new RequestCheck(setup, model, owned.controlNets()).unread(request));
    }

    /** How many classes it can be asked for; 0 where they are not counted, see {@link #classInput()}. */
    public int numClasses() {
        return ask(DiffusionModel::numClasses);
    }

    /**
     * Ends this pipeline: later calls are refused. A view is ended alone, and need not be; the pipeline that it is a view of frees
     * the network as soon as no running call needs it. Closing twice is fine.
     */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true) && !isView) {
            owned.close();
        }
    }
}
