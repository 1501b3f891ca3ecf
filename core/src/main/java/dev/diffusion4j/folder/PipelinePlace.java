// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.WeightFiles;
import dev.diffusion4j.hub.HubClient;
import dev.diffusion4j.hub.HubContents;
import dev.diffusion4j.hub.HubProgress;
import dev.diffusion4j.hub.HubRepo;
import dev.diffusion4j.hub.HubSettings;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.ModelFamilies;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Where a pipeline is: a folder on this machine, or a repository of the Hub, {@code org/name[@revision]}, of which the needed files are fetched
 * into the cache first. What exists on this machine is never asked of the Hub, nor is a path into a folder that exists.
 */
public final class PipelinePlace {
    private static final String INDEX = ComponentMap.FILE;
    private static final String MODEL_OF_RUN = "model";

    private PipelinePlace() {}

    /** The repository that is meant, where it is no folder of this machine. */
    public static Optional<HubRepo> repository(Path place) {
        if (Files.exists(place) || place.isAbsolute()) {
            return Optional.empty();
        }
        boolean isHere = place.getNameCount() > 1 && Files.exists(place.getName(0));
        return isHere
                ? Optional.empty()
                : HubRepo.parse(HubRepo.Type.MODEL, place.toString().replace('\\', '/'));
    }

    /** {@link #folder(Path, String, ModelFamilies, HubProgress)} for networks of this library. */
    public static Path folder(Path place, @Nullable String variant, HubProgress progress) {
        return folder(place, variant, ModelFamilies.BUILT_IN, progress);
    }

    /**
     * The folder to be read.
     *
     * @param variant of the weights, {@code fp16} for example, or {@code null}
     * @param families that its network may be of
     * @return {@code place} itself, the model in it where it is the folder of a run, or a commit's folder in the Hub's cache
     * @throws Problem where the repository cannot be had, or is no pipeline, a LoRA for example
     */
    public static Path folder(Path place, @Nullable String variant, ModelFamilies families, HubProgress progress) {
        return repository(place)
                .map(repo -> fetch(repo, variant, families, new HubClient(HubSettings.fromEnvironment(), progress)))
                .orElseGet(() -> insideRun(place));
    }

    /** {@code folder} itself, or {@code folder/model} where it is the folder of a run. */
    public static Path insideRun(Path folder) {
        Path inside = folder.resolve(MODEL_OF_RUN);
        boolean isRun = !Files.exists(folder.resolve(INDEX)) && Files.exists(inside.resolve(INDEX));
        return isRun ? inside : folder;
    }

    /** The folder of the run, or of the chain of runs, whose finished model {@code folder} is; {@code folder} itself where it is none. */
    public static Path runOf(Path folder) {
        Path whole = folder.toAbsolutePath().normalize();
        Path parent = whole.getParent();
        return parent != null
                        && (UnfinishedRun.isRun(parent) || UnfinishedRun.isChain(parent))
                        && insideRun(parent).equals(whole)
                ? parent
                : folder;
    }

    /** A repository's pipeline or LoRA, whatever folders this machine has. */
    public static Path fetch(HubRepo repo, HubProgress progress) {
        return fetch(repo, new HubClient(HubSettings.fromEnvironment(), progress));
    }

    static Path fetch(HubRepo repo, HubClient hub) {
        HubContents there = hub.contents(repo);
        return isPipeline(there) || !LoraPlace.isLora(there)
                ? fetch(there, null, ModelFamilies.BUILT_IN, hub)
                : LoraPlace.fetch(there, hub);
    }

    /** Whether a repository holds a whole model. */
    static boolean isPipeline(HubContents there) {
        return there.has(INDEX);
    }

    /** The configs first: they say which weights are needed, and whether this library has a use for them. */
    static Path fetch(HubRepo repo, @Nullable String variant, ModelFamilies families, HubClient hub) {
        return fetch(hub.contents(repo), variant, families, hub);
    }

    private static Path fetch(HubContents there, @Nullable String variant, ModelFamilies families, HubClient hub) {
        String name = there.asked() + " on the Hub";
        if (!isPipeline(there)) {
            if (LoraPlace.isLora(there)) {
                throw Problem.failure(there.asked() + " is a LoRA, not a model: give it as {loras}, or lora.from");
            }
            throw there.isWhole()
                    ? Problem.failure(name + " is no pipeline: it has no " + INDEX)
                    : hub.unknown(there, INDEX);
        }
        Path folder = hub.fetch(there, PipelinePlace::isRead);
        PipelineFolder files = PipelineFolder.open(folder, families);
        Map<String, Component> beside = files.companions();
        ComponentNetwork network = files.networkBeside(beside.keySet(), name); // refuses what we do not have
        network.component().configFile();
        weights(there, folder, network.component(), families, variant, hub);
        for (Component component : beside.values()) {
            if (!component.isTokenizer()) {
                component.configFile();
                weights(there, folder, component, families, variant, hub);
            }
        }
        return folder;
    }

    /** Configs, and the vocabularies of tokenizers. */
    private static boolean isRead(String path) {
        return path.endsWith(".json") && !path.endsWith(".index.json") || path.endsWith("/merges.txt");
    }

    private static void weights(
            HubContents there,
            Path folder,
            Component component,
            ModelFamilies families,
            @Nullable String variant,
            HubClient hub) {
        String inside = folder.relativize(component.folder()).toString().replace('\\', '/');
        List<String> names = WeightFiles.names(component.weightStem(families), variant);
        weights(there, inside.isEmpty() ? "" : inside + "/", names, hub);
    }

    /** @param names that the weights may have, the best first */
    static void weights(HubContents there, String inside, List<String> names, HubClient hub) {
        String found = names.stream()
                .map(name -> inside + name)
                .filter(there::has)
                .findFirst()
                .orElseThrow(() -> noWeights(there, inside, names, hub));
        Path file = hub.fetch(there, found::equals).resolve(found);
        if (WeightFiles.isIndex(found)) {
            List<String> shards =
                    shards(file).stream().map(shard -> inside + shard).toList();
            hub.fetch(there, shards::contains);
            hub.files(there.commit(), shards); // says which of them it lacks
        }
    }

    private static Problem noWeights(HubContents there, String inside, List<String> names, HubClient hub) {
        String none = "weights in " + (inside.isEmpty() ? "its folder" : inside);
        return there.isWhole()
                ? Problem.failure(there.asked().id() + " on the Hub has no " + none + ": looked for "
                        + names.stream()
                                .filter(name -> !WeightFiles.isIndex(name))
                                .collect(Collectors.joining(", ")))
                : hub.unknown(there, "a file of " + none);
    }

    private static Set<String> shards(Path index) {
        Object map = Json.readObject(index).get("weight_map");
        if (!(map instanceof Map<?, ?> byTensor)) {
            throw Problem.failure(index + " has no weight_map: it names no shards");
        }
        return byTensor.values().stream().map(String::valueOf).collect(Collectors.toSet());
    }
}
