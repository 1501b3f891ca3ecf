// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.base.Worded;
import dev.diffusion4j.checkpoint.WeightFiles;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelClass;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.model.ModelRole;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.text.ClipTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Device;
import org.jspecify.annotations.Nullable;

/**
 * A folder in the form of diffusers: {@code model_index.json}, a sub-folder for each component with its config and weights; or
 * flat, with all files in the folder itself. It may name parts that are not known: they are listed by {@link #components()}, and
 * refused as soon as the network is asked for, which would draw wrong pictures without them.
 */
public final class PipelineFolder {
    static final String ANY_PIPELINE = "DiffusionPipeline";
    private static final Set<ModelRole> BESIDE =
            Set.of(ModelRole.AUTOENCODER, ModelRole.TEXT_ENCODER, ModelRole.CONTROL);

    private final Path folder;
    private final ComponentMap map;
    private final ModelFamilies families;

    private PipelineFolder(Path folder, ComponentMap map, ModelFamilies families) {
        this.folder = folder;
        this.map = map;
        this.families = families;
    }

    /**
     * Reads {@code model_index.json}.
     *
     * @throws Problem where there is none, saying what was found
     */
    public static PipelineFolder open(Path folder) {
        return open(folder, ModelFamilies.BUILT_IN);
    }

    /**
     * As {@link #open(Path)}.
     *
     * @param families that the folder's networks may be of
     */
    public static PipelineFolder open(Path folder, ModelFamilies families) {
        if (!Files.exists(folder)) {
            throw Problem.failure("there is no folder " + folder);
        }
        if (!Files.isDirectory(folder)) {
            throw Problem.failure(folder + " is a file; a model is a folder with " + ComponentMap.FILE + " in it");
        }
        if (!Files.exists(folder.resolve(ComponentMap.FILE))) {
            throw UnfinishedRun.error(folder)
                    .orElseGet(() -> Problem.failure(folder + " is not a model folder: it has no " + ComponentMap.FILE
                            + "; found " + WeightFiles.listing(folder)));
        }
        return new PipelineFolder(folder, ComponentMap.read(folder), families);
    }

    /** All its parts, known or not. */
    public ComponentMap components() {
        return map;
    }

    /**
     * The network that it is the folder of: its denoiser, or the one network that it holds.
     *
     * @throws Problem (a failure) naming the first part that is not known, or has no use here
     */
    public ComponentNetwork network() {
        return networkBeside(Set.of());
    }

    /**
     * The network that is left when others are taken from it: its denoiser.
     *
     * @param parts the names of the others
     * @throws Problem as {@link #network()}
     */
    public ComponentNetwork networkBeside(Set<String> parts) {
        return networkBeside(parts, folder.toString());
    }

    /**
     * One of its networks.
     *
     * @param part its name
     * @throws Problem (a failure) where there is none of that name, or it is of no known family
     */
    public ComponentNetwork network(String part) {
        Component component = map.find(part)
                .orElseThrow(() -> Problem.failure(map.file() + " names no part '" + part + "'; its parts are "
                        + String.join(", ", map.components().keySet())));
        return new ComponentNetwork(component, families.named(component.className(), folder.toString()));
    }

    /** @param where the folder's name in an error */
    ComponentNetwork networkBeside(Set<String> parts, String where) {
        List<Component> networks = map.components().values().stream()
                .filter(component -> !component.isScheduler()
                        && !component.isOptional()
                        && !component.isControl(families)
                        && !component.isWithin(map, families)
                        && !parts.contains(component.name()))
                .toList();
        if (networks.isEmpty()) {
            throw Problem.failure(map.file()
                    + " names no network; a component looks like \"unet\": [\"diffusers\", \"UNet2DModel\"]");
        }
        if (networks.size() == 1) {
            Component only = networks.get(0);
            return new ComponentNetwork(only, families.named(only.className(), where));
        }
        Component other = networks.stream()
                .filter(component -> !component.isKnown(families))
                .findFirst()
                .orElseGet(() -> beside(networks));
        throw Problem.failure(where + " has the part " + other + " in " + other.place()
                + ", which is not supported: a pipeline here is a network and its scheduler");
    }

    /** The first that is not the denoiser. */
    private Component beside(List<Component> networks) {
        return networks.stream()
                .filter(component -> component
                        .family(families)
                        .filter(ModelFamily::isDenoiser)
                        .isEmpty())
                .findFirst()
                .orElseGet(() -> networks.get(1));
    }

    /**
     * Its parts that a denoiser may have beside it: autoencoders, text encoders, tokenizers of known kinds; none where it holds a single
     * network.
     */
    public Map<String, Component> companions() {
        Map<String, Component> found = new LinkedHashMap<>();
        map.components().forEach((name, component) -> {
            boolean isBeside = component.isTokenizer() && component.isKnown(families)
                    || component
                            .family(families)
                            .filter(family ->
                                    BESIDE.contains(family.modelClass().role()))
                            .isPresent();
            if (isBeside) {
                found.put(name, component);
            }
        });
        boolean isAlone = map.components().values().stream().noneMatch(component -> component
                .family(families)
                .filter(ModelFamily::isDenoiser)
                .isPresent());
        return isAlone ? Map.of() : found;
    }

    /** The folders of the networks that may run beside its denoiser, in order. */
    public List<Path> controls() {
        return map.components().values().stream()
                .filter(component -> component.isControl(families))
                .map(Component::folder)
                .toList();
    }

    /** The name of the component that is the network: {@code unet} in most folders. */
    public String modelName() {
        return network().component().name();
    }

    /** The family of the network, known before its weights are read. */
    public ModelFamily modelFamily() {
        return network().family();
    }

    /** The folder that holds the network's config and weights. */
    public Path modelFolder() {
        Component component = network().component();
        component.configFile(); // says what is there where it is not
        return component.folder();
    }

    /** Whether it names a scheduler; a classifier has none. */
    public boolean hasScheduler() {
        return map.find(Component.SCHEDULER).isPresent();
    }

    /** The scheduler as configured. */
    public Scheduler readScheduler() {
        Component component =
                map.find(Component.SCHEDULER).orElseGet(() -> new Component(Component.SCHEDULER, "", "", folder));
        Path file = component.configFile();
        Map<String, @Nullable Object> config = Json.readObject(file);
        String name =
                component.className().isEmpty() ? String.valueOf(config.get("_class_name")) : component.className();
        try {
            return SchedulerKind.ofClass(name, folder.toString()).create(config);
        } catch (IllegalArgumentException e) {
            throw Problem.failure(file + ": " + Worded.marked(e), e);
        }
    }

    /** The network with its weights. The caller owns it. */
    public Model readModel(Device device, Precision precision, @Nullable String variant) {
        return network().read(device, precision, variant);
    }

    /** The network as configured, without content. The caller owns it. */
    public Model createModel() {
        return network().create();
    }

    /**
     * Fills a network with the weights.
     *
     * @param model on the CPU, of any floating dtype
     * @throws Problem where they do not fit it; it is unchanged then
     */
    public void readWeights(Model model, @Nullable String variant) {
        network().fill(model, variant);
    }

    /**
     * SHA-256 of the weights; of the hashes of the files where there are several.
     *
     * @throws Problem (a failure) where they cannot be read
     */
    public String weightsSha256() {
        return new WeightsHash(modelFolder()).get();
    }

    /** Whether both are the same folder on this machine. */
    public boolean isAt(Path other) {
        try {
            return Files.exists(other) && Files.isSameFile(folder, other);
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Writes networks and scheduler over those of this folder; the other parts that it names stay in it.
     *
     * @param model of any dtype; saved in it, unless the options name a variant
     * @param others networks beside it, by the names of their parts
     */
    public void save(Model model, Map<String, Model> others, Scheduler scheduler, SaveOptions options) {
        Set<String> beside = new HashSet<>(others.keySet());
        map.components().values().stream()
                .filter(Component::isTokenizer)
                .map(Component::name)
                .forEach(beside::add);
        Component network = networkBeside(beside).component();
        ComponentWriter writer = new ComponentWriter(folder, map, options);
        writer.write(network.name(), model);
        writer.write(others);
        writer.write(scheduler);
        if (map.components().size() > 2) {
            writer.finish(); // of a class that knows the other parts
        } else {
            writer.finish(pipelineClass(model.modelClass(), scheduler));
        }
    }

    /**
     * Writes a folder, or replaces the files of one; each file is replaced whole. The loaded folder may be written to.
     *
     * @param model of any dtype; saved in it, unless the options name a variant
     * @param others networks beside it, by the names of their parts
     * @param scheduler {@code null} for a network that draws no pictures
     */
    public static void write(
            Path folder, Model model, Map<String, Model> others, @Nullable Scheduler scheduler, SaveOptions options) {
        ComponentWriter writer = new ComponentWriter(folder, ComponentMap.empty(folder), options);
        writeNetworks(writer, model.modelClass().role().component(), model, others);
        if (scheduler != null) {
            writer.write(scheduler);
        }
        writer.finish(others.isEmpty() ? pipelineClass(model.modelClass(), scheduler) : ANY_PIPELINE);
    }

    /**
     * Writes a folder of a network that draws no pictures.
     *
     * @param beforeItIsWhole called when the network's files are there, and the folder does not yet say that it is a model's
     */
    public static void writeNetwork(Path folder, Model model, Runnable beforeItIsWhole) {
        ComponentWriter writer = new ComponentWriter(folder, ComponentMap.empty(folder), SaveOptions.DEFAULT);
        writeNetworks(writer, model.modelClass().role().component(), model, Map.of());
        beforeItIsWhole.run();
        writer.finish(pipelineClass(model.modelClass(), null));
    }

    /**
     * Writes another folder of this one's class and settings, from networks in memory. Control networks are copied; other
     * parts, such as a safety checker, are left out.
     *
     * @param model as in {@link #write(Path, Model, Map, Scheduler, SaveOptions)}
     * @param tokenizers by the names of their parts
     */
    public void writeCopy(
            Path copy,
            Model model,
            Map<String, Model> others,
            Map<String, ClipTokenizer> tokenizers,
            Scheduler scheduler,
            SaveOptions options) {
        String name = networkBeside(parts(others, tokenizers)).component().name();
        Set<String> kept = new HashSet<>(parts(others, tokenizers));
        kept.addAll(Set.of(name, Component.SCHEDULER));
        map.components().values().stream()
                .filter(component -> component.isControl(families))
                .map(Component::name)
                .forEach(kept::add);
        ComponentWriter writer = new ComponentWriter(copy, map.at(copy, kept), options);
        writeNetworks(writer, name, model, others);
        tokenizers.forEach(writer::write);
        controls().forEach(writer::copy);
        writer.write(scheduler);
        writer.finish();
    }

    private static Set<String> parts(Map<String, Model> others, Map<String, ClipTokenizer> tokenizers) {
        Set<String> names = new HashSet<>(others.keySet());
        names.addAll(tokenizers.keySet());
        return names;
    }

    private static void writeNetworks(ComponentWriter writer, String name, Model model, Map<String, Model> others) {
        Check.that(!others.containsKey(name), "a part beside the " + name + " cannot be named '" + name + "'");
        writer.write(name, model);
        writer.write(others);
    }

    /** {@link #write(Path, Model, Map, Scheduler, SaveOptions)} of one network. */
    public static void write(Path folder, Model model, @Nullable Scheduler scheduler, SaveOptions options) {
        write(folder, model, Map.of(), scheduler, options);
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
            return ANY_PIPELINE;
        }
        return switch (SchedulerKind.of(scheduler)) {
            case DDIM -> "DDIMPipeline";
            case PNDM -> "PNDMPipeline";
            case SCORE_SDE_VE -> "ScoreSdeVePipeline";
            default -> "DDPMPipeline";
        };
    }
}
