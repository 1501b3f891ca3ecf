// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static org.bytedeco.pytorch.global.torch.cat;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.base.UserError;
import dev.diffusion4j.guidance.LossGuidance;
import dev.diffusion4j.model.ClassInput;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.PromptWords;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.scheduler.SamplingSettings;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.NativeMemory;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.TensorScope;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.jspecify.annotations.Nullable;

/**
 * A network with a scheduler: draws pictures. Immutable and thread-safe: any number of threads may call {@link #generate} at
 * once. Close it to free the network; calls that are running end first.
 *
 * <pre>{@code
 * try (var pipeline = DiffusionPipeline.load(Path.of("my-model"));
 *         var result = pipeline.generate(GenerationRequest.DEFAULT.withSeed(7))) {
 *     ImageIO.write(result.images().get(0), "png", new File("picture.png"));
 * }
 * }</pre>
 */
public final class DiffusionPipeline implements AutoCloseable {
    private static final long MANY_PARAMETERS = 1 << 24;

    private final SharedModel shared;
    private final Scheduler scheduler;
    private final Device device;
    private final Precision precision;
    private final AtomicBoolean closed = new AtomicBoolean();

    private final Supplier<String> modelHash;
    private final List<LossGuidance> steering;

    private DiffusionPipeline(
            SharedModel shared,
            Scheduler scheduler,
            Device device,
            Precision precision,
            Supplier<String> modelHash,
            List<LossGuidance> steering) {
        this.modelHash = modelHash;
        this.steering = List.copyOf(steering);
        this.shared = shared;
        this.scheduler = scheduler;
        this.device = device;
        this.precision = precision;
    }

    /** Loads a folder that diffusers or this library saved, on the CPU in f32. */
    public static DiffusionPipeline load(Path folder) {
        return load(folder, LoadOptions.DEFAULT);
    }

    /**
     * Loads a folder that diffusers or this library saved.
     *
     * @throws UserError (exit code 1) naming the file and what is wrong with it
     */
    public static DiffusionPipeline load(Path folder, LoadOptions options) {
        Device device = Devices.parse(options.device());
        Precision precision = options.precision().resolve(device);
        PipelineFolder files = PipelineFolder.open(folder, options.families());
        if (!files.modelFamily().isDenoiser()) {
            throw UserError.failure(folder + " holds a " + files.modelFamily().name() + ", which draws no pictures");
        }
        Scheduler scheduler = files.readScheduler();
        DiffusionModel model = (DiffusionModel) files.readModel(device, precision, options.variant());
        try {
            PipelineAdapters.merge(model, options.loras());
        } catch (RuntimeException e) {
            model.close();
            throw e;
        }
        if (device.is_cpu()) {
            model.channelsLast(true);
            model.freeze();
        }
        if (model.parameterCount() > MANY_PARAMETERS) {
            NativeMemory.giveBack(); // what the conversion of the weights left behind
        }
        return new DiffusionPipeline(
                new SharedModel(model, true, options.loras()),
                scheduler,
                device,
                precision,
                new WeightsHash(files.modelFolder(), options.loras()),
                List.of());
    }

    /** The adapters that were added to the network when it was loaded. */
    public List<LoraChoice> loras() {
        return shared.loras();
    }

    /** Of parts; the pipeline becomes the owner of {@code model}, which lies on the CPU in f32. */
    public static DiffusionPipeline of(DiffusionModel model, Scheduler scheduler) {
        return new DiffusionPipeline(
                new SharedModel(model, true), scheduler, Devices.cpu(), Precision.F32, () -> "", List.of());
    }

    /** Of parts; {@code model}, on the CPU in f32, stays its owner's: close the pipeline first. */
    public static DiffusionPipeline borrowing(DiffusionModel model, Scheduler scheduler) {
        return new DiffusionPipeline(
                new SharedModel(model, false), scheduler, Devices.cpu(), Precision.F32, () -> "", List.of());
    }

    /**
     * The same network with another algorithm, whose settings are taken over from the present one where both know them, as
     * diffusers' {@code from_config} does. Both pipelines must be closed.
     *
     * @param settings changes, by the keys of {@code scheduler_config.json}
     * @throws UserError (exit code 2) where the network was not trained for such an algorithm
     */
    public DiffusionPipeline withScheduler(SchedulerKind kind, Map<String, ?> settings) {
        Map<String, @Nullable Object> config = new LinkedHashMap<>(scheduler.config());
        config.putAll(settings);
        return withScheduler(kind.create(config));
    }

    /**
     * The same network with an algorithm of one's own, or a built-in one that is configured from scratch. Both pipelines must
     * be closed.
     *
     * @throws UserError (exit code 2) where the network was not trained for such an algorithm
     */
    public DiffusionPipeline withScheduler(Scheduler other) {
        if (other.chain() != scheduler.chain()) {
            String way = scheduler.chain() == SchedulerKind.Chain.FLOW
                    ? "; the solvers do with use_flow_sigmas=true and prediction_type=flow_prediction"
                    : "";
            throw UserError.usage("scheduler '" + other.kind().key()
                    + "' as it is configured does not fit this model, which was trained for '"
                    + scheduler.kind().key() + "'" + way);
        }
        return new DiffusionPipeline(shared.hold(), other, device, precision, modelHash, steering);
    }

    /** {@link #withScheduler(SchedulerKind, Map)} without changes. */
    public DiffusionPipeline withScheduler(SchedulerKind kind) {
        return withScheduler(kind, Map.of());
    }

    /**
     * The same network, steered by these losses, all at once, in place of those of before. Both pipelines must be closed; what the
     * losses need stays its owner's.
     */
    public DiffusionPipeline steeredBy(List<LossGuidance> guidances) {
        return new DiffusionPipeline(shared.hold(), scheduler, device, precision, modelHash, guidances);
    }

    /** What samples are steered by. */
    public List<LossGuidance> steering() {
        return steering;
    }

    /** Draws pictures. */
    public GenerationResult generate(GenerationRequest request) {
        return generate(request, StepListener.NONE, new Cancellation());
    }

    /**
     * Draws pictures.
     *
     * @param listener is told of each step of each batch, on this thread
     * @param cancellation lets another thread end the call within one step
     * @return the samples; the caller closes it
     * @throws java.util.concurrent.CancellationException where it was cancelled
     * @throws UserError (exit code 2) where the network cannot draw what was asked for
     */
    public GenerationResult generate(GenerationRequest request, StepListener listener, Cancellation cancellation) {
        return generate(request, NoiseFactory.of(request), listener, cancellation);
    }

    /** As {@link #generate(GenerationRequest, StepListener, Cancellation)} from noise of one's own. */
    public GenerationResult generate(
            GenerationRequest request, NoiseFactory noise, StepListener listener, Cancellation cancellation) {
        return shared.use(model -> {
            check(request, model);
            Tensor samples =
                    TensorScope.ownResult(() -> generateBatches(request, noise, model, listener, cancellation));
            return new GenerationResult(samples, scheduler.sampleRange(), guides(request));
        });
    }

    /** All that pushes samples, in words. */
    private List<String> guides(GenerationRequest request) {
        List<String> all =
                new ArrayList<>(steering.stream().map(LossGuidance::name).toList());
        if (request.guidance().scale() != 1) {
            all.add("--guidance-scale " + request.guidance().scale());
        }
        return all;
    }

    /**
     * What a user must be told of guidances that would do nothing here, or other than their words say: a line each.
     *
     * @throws UserError (exit code 2) as {@link #generate(GenerationRequest)}
     */
    public List<String> notices(GenerationRequest request) {
        return shared.use(model -> {
            check(request, model);
            try (SchedulerRun run = scheduler.start(settings(request))) {
                return GuidanceNotices.of(steering, request.guidance(), model.sampleChannels(), run.timesteps().length);
            }
        });
    }

    private static SamplingSettings settings(GenerationRequest request) {
        return new SamplingSettings(request.steps(), request.eta(), request.stepOptions());
    }

    private Tensor generateBatches(
            GenerationRequest request,
            NoiseFactory source,
            DiffusionModel model,
            StepListener listener,
            Cancellation cancellation) {
        SampleSize size = sizeOf(request, model);
        int batchSize = request.noise() == NoiseMode.SHARED ? request.count() : request.batchSize();
        TensorVector batches = new TensorVector();
        for (int start = 0; start < request.count(); start += batchSize) {
            int first = start;
            int count = Math.min(batchSize, request.count() - start);
            batches.push_back(TensorScope.keepResult(() -> {
                try (NoiseSource noise = source.open(first, count);
                        SchedulerRun run = scheduler.start(settings(request))) {
                    long[] shape = {count, model.sampleChannels(), size.height(), size.width()};
                    return DenoisingLoop.sample(
                            steering(request, model, first, count), run, noise, shape, listener, cancellation);
                }
            }));
        }
        return cat(batches, 0);
    }

    private Steering steering(GenerationRequest request, DiffusionModel model, int first, int count) {
        List<long[]> told = told(request, model);
        List<long[]> own = told == null ? null : told.subList(first, first + count);
        return new Steering(steering, scheduler, new GuidedDenoiser(model, device, precision, own, request.guidance()));
    }

    /** A class number, or the tokens of a prompt, for each picture. */
    private static @Nullable List<long[]> told(GenerationRequest request, DiffusionModel model) {
        if (model.prompts().isPresent() && request.prompts() != null) {
            return request.prompts().stream().map(model.prompts().get()::encode).toList();
        }
        return request.classes() == null
                ? null
                : request.classes().stream().map(label -> new long[] {label}).toList();
    }

    private static SampleSize sizeOf(GenerationRequest request, DiffusionModel model) {
        SampleSize size = request.size();
        if (size != null) {
            return size;
        }
        return model.sampleSize()
                .orElseThrow(
                        () -> UserError.usage("this network's config names no sample_size: say it with --size WxH"));
    }

    /**
     * Looks whether {@link #generate} can draw this, without drawing anything.
     *
     * @return the size that its pictures will have
     * @throws UserError (exit code 2) where the network cannot draw what is asked for
     * @throws IllegalArgumentException where the scheduler cannot run so
     */
    public SampleSize check(GenerationRequest request) {
        return shared.use(model -> {
            check(request, model);
            scheduler
                    .start(new SamplingSettings(request.steps(), request.eta(), request.stepOptions()))
                    .close();
            return sizeOf(request, model);
        });
    }

    private void check(GenerationRequest request, DiffusionModel model) {
        if (request.steps() > scheduler.numTrainTimesteps()) {
            throw UserError.usage("--steps must be at most the " + scheduler.numTrainTimesteps()
                    + " timesteps that the network was trained on, but was " + request.steps());
        }
        request.stepOptions().checkFor(scheduler);
        model.checkSize(sizeOf(request, model));
        model.checkClasses(request.classes());
        model.checkPrompts(request.prompts());
        steering.forEach(guidance -> guidance.checkChannels(model.sampleChannels()));
        model.checkGuidance(request.guidance().scale(), request.guidance().negativeClass());
    }

    /**
     * Writes a folder that diffusers can load (where it knows the network), or replaces the files of one.
     *
     * @throws UserError (exit code 1) where it cannot be written; what was there is then whole still
     */
    public void save(Path folder) {
        save(folder, SaveOptions.DEFAULT);
    }

    /** {@link #save(Path)} in several files of weights, or as a variant. */
    public void save(Path folder, SaveOptions options) {
        shared.use(model -> {
            PipelineFolder.write(folder, model, scheduler, options);
            return true;
        });
    }

    /** The algorithm. */
    public Scheduler scheduler() {
        return scheduler;
    }

    /** What the network computes in: f32 or bf16. */
    public Precision precision() {
        return precision;
    }

    /** Where it computes: {@code cpu}, {@code cuda:0}. */
    public String deviceName() {
        return Devices.name(device);
    }

    /** SHA-256 of the weights' files; empty where the network was not loaded from files. */
    public String modelHash() {
        return modelHash.get();
    }

    /** Steps that suit the scheduler where none are asked for: all that were trained for DDPM and the lessons' loop, few for LCM, else 50. */
    public int defaultSteps() {
        int trained = scheduler.numTrainTimesteps();
        boolean all = scheduler.kind() == SchedulerKind.DDPM || scheduler.kind() == SchedulerKind.LESSON_DDPM;
        return all ? trained : Math.min(GenerationRequest.DEFAULT.steps(), trained);
    }

    /** What it is told about classes. */
    public ClassInput classInput() {
        return shared.use(DiffusionModel::classInput);
    }

    /** The words that it can be told; empty where it is told none. */
    public Optional<PromptWords> prompts() {
        return shared.use(DiffusionModel::prompts);
    }

    /** How many classes it can be asked for; 0 where they are not counted, see {@link #classInput()}. */
    public int numClasses() {
        return shared.use(DiffusionModel::numClasses);
    }

    /** Frees the network when no other pipeline and no running call needs it; closing twice is fine. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            shared.release();
        }
    }
}
