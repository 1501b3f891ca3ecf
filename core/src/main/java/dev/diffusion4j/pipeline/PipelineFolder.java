// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.base.Worded;
import dev.diffusion4j.checkpoint.WeightFiles;
import dev.diffusion4j.checkpoint.WeightLoader;
import dev.diffusion4j.checkpoint.WeightSource;
import dev.diffusion4j.checkpoint.WeightWriter;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelClass;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.model.ModelRole;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.TensorScope;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Device;
import org.jspecify.annotations.Nullable;

/**
 * A folder in the form of diffusers: {@code model_index.json}, a sub-folder for each component with its config and weights; or
 * flat, with all files in the folder itself.
 */
public final class PipelineFolder {
    /** The diffusers version whose format is written. */
    public static final String DIFFUSERS_VERSION = "0.42.1";

    private static final String INDEX = "model_index.json";
    private static final String SCHEDULER_CONFIG = "scheduler_config.json";
    private static final String MODEL_CONFIG = "config.json";

    private final Path folder;
    private final Map<String, @Nullable Object> index;
    private final ModelFamilies families;

    private PipelineFolder(Path folder, Map<String, @Nullable Object> index, ModelFamilies families) {
        this.folder = folder;
        this.index = index;
        this.families = families;
    }

    /**
     * Reads {@code model_index.json}.
     *
     * @throws Problem where there is none, saying what was found; where it names components that we do not have
     */
    public static PipelineFolder open(Path folder) {
        return open(folder, ModelFamilies.BUILT_IN);
    }

    /**
     * As {@link #open(Path)}.
     *
     * @param families that the folder's network may be of
     */
    public static PipelineFolder open(Path folder, ModelFamilies families) {
        if (!Files.exists(folder)) {
            throw Problem.failure("there is no folder " + folder);
        }
        if (!Files.isDirectory(folder)) {
            throw Problem.failure(folder + " is a file; a model is a folder with " + INDEX + " in it");
        }
        Path file = folder.resolve(INDEX);
        if (!Files.exists(file)) {
            throw UnfinishedRun.error(folder)
                    .orElseGet(() -> Problem.failure(folder + " is not a model folder: it has no " + INDEX + "; found "
                            + WeightFiles.listing(folder)));
        }
        PipelineFolder opened = new PipelineFolder(folder, Json.readObject(file), families);
        opened.refuseOtherComponents();
        return opened;
    }

    /** A network that works with parts we do not have, such as a decoder of latents, would draw wrong pictures without them. */
    private void refuseOtherComponents() {
        List<String> others = new ArrayList<>();
        networks().forEach(name -> {
            if (!name.equals(modelName())) {
                others.add("'" + name + "' (" + className(index.get(name)) + ")");
            }
        });
        if (!others.isEmpty()) {
            throw Problem.failure(
                    folder.resolve(INDEX) + " names " + String.join(", ", others) + " beside the network '"
                            + modelName() + "', which is not supported: only a network and its scheduler are");
        }
    }

    /** All components but the scheduler; an entry of two nulls is none, and a name with an underscore is the folder's own. */
    private List<String> networks() {
        return index.keySet().stream()
                .filter(name -> !name.startsWith("_") && !name.equals("scheduler"))
                .filter(name -> className(index.get(name)) != null)
                .toList();
    }

    /** The name of the component that is the network: {@code unet} in most folders. */
    public String modelName() {
        List<String> networks = networks();
        return networks.stream()
                .filter(name -> families.find(java.util.Objects.requireNonNull(className(index.get(name))))
                        .isPresent())
                .findFirst()
                .or(() -> networks.stream().findFirst())
                .orElseThrow(() -> Problem.failure(folder.resolve(INDEX)
                        + " names no network; a component looks like \"unet\": [\"diffusers\", \"UNet2DModel\"]"));
    }

    /** The family of the network, known before its weights are read. */
    public ModelFamily modelFamily() {
        return modelFamily(folder.toString());
    }

    /** @param where the folder's name in an error */
    ModelFamily modelFamily(String where) {
        return families.named(java.util.Objects.requireNonNull(className(index.get(modelName()))), where);
    }

    /**
     * The class that {@code model_index.json} names for the whole, such as {@code DDPMPipeline}; a pipeline of somebody's own is
     * named with its file, {@code ["pipeline", "MyPipeline"]}.
     */
    public String pipelineClass() {
        Object named = index.get("_class_name");
        String custom = className(named);
        return custom == null ? String.valueOf(named) : custom;
    }

    private static @Nullable String className(@Nullable Object component) {
        return component instanceof List<?> pair && pair.size() == 2 && pair.get(1) instanceof String name
                ? name
                : null;
    }

    private Path component(String name, String configFile) {
        Path nested = folder.resolve(name);
        Path file = Files.isDirectory(nested) ? nested.resolve(configFile) : folder.resolve(configFile);
        if (!Files.exists(file)) {
            throw Problem.failure("the component '" + name + "' of " + folder + " has no " + configFile + "; found "
                    + WeightFiles.listing(java.util.Objects.requireNonNull(file.getParent())));
        }
        return file;
    }

    /** The folder that holds the network's config and weights. */
    public Path modelFolder() {
        return java.util.Objects.requireNonNull(
                component(modelName(), MODEL_CONFIG).getParent());
    }

    /** Whether it names a scheduler; a classifier has none. */
    public boolean hasScheduler() {
        return index.get("scheduler") != null;
    }

    /** The scheduler as configured. */
    public Scheduler readScheduler() {
        Path file = component("scheduler", SCHEDULER_CONFIG);
        Map<String, @Nullable Object> config = Json.readObject(file);
        String name = className(index.get("scheduler"));
        if (name == null) {
            name = String.valueOf(config.get("_class_name"));
        }
        try {
            return SchedulerKind.ofClass(name, folder.toString()).create(config);
        } catch (IllegalArgumentException e) {
            throw Problem.failure(file + ": " + Worded.marked(e), e);
        }
    }

    /** The network with its weights. The caller owns it. */
    public Model readModel(Device device, Precision precision, @Nullable String variant) {
        Model model = createModel();
        try {
            model.convert(Devices.cpu(), precision.scalarType());
            readWeights(model, variant);
            if (!device.is_cpu()) {
                model.convert(device, precision.scalarType());
            }
            return model;
        } catch (RuntimeException e) {
            model.close();
            throw e;
        }
    }

    /** The network as configured, without content. The caller owns it. */
    public Model createModel() {
        return createModel(component(modelName(), MODEL_CONFIG));
    }

    /**
     * Fills a network with the weights.
     *
     * @param model on the CPU, of any floating dtype
     * @throws Problem where they do not fit it; it is unchanged then
     */
    public void readWeights(Model model, @Nullable String variant) {
        try (WeightSource weights =
                WeightFiles.open(modelFolder(), model.modelClass().weightStem(), variant)) {
            WeightLoader.load(weights, model.stateDict(), model::weightName);
        }
    }

    /** The network's weights as they lie in the files; the caller closes them. */
    WeightSource openWeights() {
        return WeightFiles.open(modelFolder(), modelFamily().modelClass().weightStem(), null);
    }

    /** SHA-256 of the weights; of the hashes of the files where there are several. Empty where they cannot be read. */
    public String weightsSha256() {
        return new WeightsHash(modelFolder()).get();
    }

    private Model createModel(Path file) {
        Map<String, @Nullable Object> config = Json.readObject(file);
        try {
            return modelFamily().create(config);
        } catch (IllegalArgumentException e) {
            throw Problem.failure(file + ": " + Worded.marked(e), e);
        } catch (RuntimeException e) {
            if (String.valueOf(e.getMessage()).contains("can't allocate memory")) { // as LibTorch says it
                throw Problem.failure(file + " describes a network that is too large for this machine's memory", e);
            }
            throw e;
        }
    }

    /**
     * Writes a folder, or replaces the files of one; each file is replaced whole. The loaded folder may be written to.
     *
     * @param model of any dtype; saved in it, unless the options name a variant
     * @param scheduler {@code null} for a network that draws no pictures
     */
    public static void write(Path folder, Model model, @Nullable Scheduler scheduler, SaveOptions options) {
        ModelClass modelClass = model.modelClass();
        String name = modelClass.role().component();
        Path component = folder.resolve(name);
        WeightWriter writer = new WeightWriter(modelClass.weightStem(), options.variant());
        TensorScope.run(() -> writer.write(component, model.snapshot(), options.maxShardBytes()));
        writeConfig(component.resolve(MODEL_CONFIG), modelClass.name(), model.config());
        Map<String, @Nullable Object> index = new LinkedHashMap<>();
        index.put(name, List.of(modelClass.library(), modelClass.name()));
        if (scheduler != null) {
            String className = scheduler.kind().className();
            writeConfig(folder.resolve("scheduler").resolve(SCHEDULER_CONFIG), className, scheduler.config());
            index.put("scheduler", List.of("diffusers", className));
        }
        writeConfig(folder.resolve(INDEX), pipelineClass(modelClass, scheduler), index);
    }

    /** {@link #write(Path, Model, Scheduler, SaveOptions)} as diffusers saves by default. */
    public static void write(Path folder, Model model, @Nullable Scheduler scheduler) {
        write(folder, model, scheduler, SaveOptions.DEFAULT);
    }

    /**
     * The class of diffusers that takes the network and the scheduler as they are, where it knows the network. {@code DDPMPipeline}
     * takes every scheduler; it can only be called with those that need no scaled input and whose {@code step} takes a generator.
     * The others have no class there that calls them: their parts are to be called one by one, as {@code DenoisingLoop} does.
     */
    private static String pipelineClass(ModelClass modelClass, @Nullable Scheduler scheduler) {
        if (!modelClass.isDiffusers() || modelClass.role() != ModelRole.DENOISER || scheduler == null) {
            return "DiffusionPipeline";
        }
        return switch (scheduler.kind()) {
            case DDIM -> "DDIMPipeline";
            case PNDM -> "PNDMPipeline";
            case SCORE_SDE_VE -> "ScoreSdeVePipeline";
            default -> "DDPMPipeline";
        };
    }

    private static void writeConfig(Path file, String className, Map<String, @Nullable Object> values) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>(values);
        json.put("_class_name", className);
        json.put("_diffusers_version", DIFFUSERS_VERSION);
        AtomicFile.write(file, Json.pretty(json));
    }
}
