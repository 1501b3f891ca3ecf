// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static org.bytedeco.pytorch.global.torch.cat;

import dev.diffusion4j.base.UserError;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.scheduler.SamplingSettings;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch.ScalarType;
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
    private final SharedModel shared;
    private final Scheduler scheduler;
    private final Device device;
    private final Precision precision;
    private final AtomicBoolean closed = new AtomicBoolean();

    private final Supplier<String> modelHash;

    private DiffusionPipeline(
            SharedModel shared, Scheduler scheduler, Device device, Precision precision, Supplier<String> modelHash) {
        this.modelHash = modelHash;
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
        PipelineFolder files = PipelineFolder.open(folder);
        Scheduler scheduler = files.readScheduler();
        Model model = files.readModel(device, precision, options.variant());
        if (!(model instanceof DiffusionModel denoiser)) {
            model.close();
            throw UserError.failure(folder + " holds a " + model.kind().key() + ", which draws no pictures");
        }
        if (device.is_cpu()) {
            denoiser.channelsLast(true);
            denoiser.freeze();
        }
        return new DiffusionPipeline(
                new SharedModel(denoiser, true), scheduler, device, precision, new WeightsHash(files.modelFolder()));
    }

    /** Of parts; the pipeline becomes the owner of {@code model}, which lies on the CPU in f32. */
    public static DiffusionPipeline of(DiffusionModel model, Scheduler scheduler) {
        return new DiffusionPipeline(new SharedModel(model, true), scheduler, Devices.cpu(), Precision.F32, () -> "");
    }

    /** Of parts; {@code model}, on the CPU in f32, stays its owner's: close the pipeline first. */
    public static DiffusionPipeline borrowing(DiffusionModel model, Scheduler scheduler) {
        return new DiffusionPipeline(new SharedModel(model, false), scheduler, Devices.cpu(), Precision.F32, () -> "");
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
        Scheduler other = kind.create(config);
        if (other.chain() != scheduler.chain()) {
            String way = scheduler.chain() == SchedulerKind.Chain.FLOW
                    ? "; the solvers do with use_flow_sigmas=true and prediction_type=flow_prediction"
                    : "";
            throw UserError.usage("scheduler '" + kind.key()
                    + "' as it is configured does not fit this model, which was trained for '"
                    + scheduler.kind().key() + "'" + way);
        }
        return new DiffusionPipeline(shared.hold(), other, device, precision, modelHash);
    }

    /** {@link #withScheduler(SchedulerKind, Map)} without changes. */
    public DiffusionPipeline withScheduler(SchedulerKind kind) {
        return withScheduler(kind, Map.of());
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
        return shared.use(model -> {
            check(request, model);
            return new GenerationResult(
                    TensorScope.ownResult(() -> generateBatches(request, model, listener, cancellation)));
        });
    }

    private Tensor generateBatches(
            GenerationRequest request, DiffusionModel model, StepListener listener, Cancellation cancellation) {
        SampleSize size = sizeOf(request, model);
        int batchSize = request.noise() == NoiseMode.SHARED ? request.count() : request.batchSize();
        TensorVector batches = new TensorVector();
        for (int start = 0; start < request.count(); start += batchSize) {
            int first = start;
            int count = Math.min(batchSize, request.count() - start);
            batches.push_back(TensorScope.keepResult(() -> {
                long seed = request.seed() + first;
                try (NoiseSource noise = request.noise() == NoiseMode.SHARED
                                ? NoiseSource.shared(seed)
                                : NoiseSource.perImage(seed, count);
                        SchedulerRun run = scheduler.start(
                                SamplingSettings.ofSteps(request.steps()).withEta(request.eta()))) {
                    long[] shape = {count, model.sampleChannels(), size.height(), size.width()};
                    Conditioning conditioning = conditioning(request.classes(), first, count);
                    return DenoisingLoop.sample(
                            denoiser(model, conditioning), run, noise, shape, listener, cancellation);
                }
            }));
        }
        return cat(batches, 0);
    }

    private Denoiser denoiser(DiffusionModel model, Conditioning conditioning) {
        ScalarType type = precision.scalarType();
        return (sample, timestep) -> TensorScope.keepResult(() -> {
            Tensor time = Tensors.ofDoubles(timestep).to(device, ScalarType.Float);
            Tensor output = model.forward(sample.to(device, type), time, conditioning);
            return output.to(Devices.cpu(), ScalarType.Float).contiguous();
        });
    }

    private Conditioning conditioning(@Nullable List<Integer> classes, int first, int count) {
        if (classes == null) {
            return Conditioning.NONE;
        }
        long[] labels = classes.subList(first, first + count).stream()
                .mapToLong(Integer::longValue)
                .toArray();
        return Conditioning.ofClasses(Tensors.ofLongs(labels).to(device, ScalarType.Long));
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

    private static void check(GenerationRequest request, DiffusionModel model) {
        model.checkSize(sizeOf(request, model));
        List<Integer> classes = request.classes();
        if (classes == null) {
            if (model.numClasses() > 0) {
                throw UserError.usage("this network draws one of " + model.numClasses()
                        + " classes: say which with --class N (0 to " + (model.numClasses() - 1) + ") or --class all");
            }
            return;
        }
        if (model.numClasses() == 0) {
            throw UserError.usage("this network was not trained on classes: leave --class away");
        }
        classes.forEach(label -> {
            if (label < 0 || label >= model.numClasses()) {
                throw UserError.usage(
                        "class " + label + " is not there: this network knows 0 to " + (model.numClasses() - 1));
            }
        });
    }

    /**
     * Writes a folder that diffusers can load (where it knows the network), or replaces the files of one.
     *
     * @throws UserError (exit code 1) where it cannot be written; what was there is then whole still
     */
    public void save(Path folder) {
        shared.use(model -> {
            PipelineFolder.write(folder, model, scheduler);
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

    /** Steps that suit the scheduler where none are asked for: all that were trained for DDPM, few for LCM, else 50. */
    public int defaultSteps() {
        int trained = scheduler.numTrainTimesteps();
        return scheduler.kind() == SchedulerKind.DDPM ? trained : Math.min(GenerationRequest.DEFAULT.steps(), trained);
    }

    /** How many classes it can be asked for; 0 for none. */
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
