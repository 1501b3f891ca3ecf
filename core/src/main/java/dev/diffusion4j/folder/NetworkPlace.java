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
import dev.diffusion4j.model.ModelFamily;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Where a single network is that joins a pipeline: its folder, with {@code config.json} and weights; the folder of a pipeline or a run with
 * such a part; or a repository of the Hub of either form, {@code org/name[@revision]}.
 */
public final class NetworkPlace {
    private NetworkPlace() {}

    /**
     * The folder with its config and weights, fetched first where it is on the Hub.
     *
     * @param families that it may be of, all with one role, whose part of a pipeline is meant
     * @param variant of the weights, or {@code null}
     * @throws Problem where there is none
     */
    public static Path folder(Path place, List<ModelFamily> families, @Nullable String variant, HubProgress progress) {
        return PipelinePlace.repository(place)
                .map(repo -> fetch(repo, families, variant, new HubClient(HubSettings.fromEnvironment(), progress)))
                .orElseGet(() -> inside(PipelinePlace.insideRun(place), families));
    }

    /**
     * The network of a folder that {@link #folder} gave.
     *
     * @throws Problem where it is of another family
     */
    public static ComponentNetwork network(Path folder, List<ModelFamily> families) {
        return ComponentNetwork.ofFolder(folder, family(folder, families));
    }

    private static Path inside(Path folder, List<ModelFamily> families) {
        Path part = folder.resolve(part(families));
        if (Files.exists(folder.resolve(Component.CONFIG)) || !Files.exists(part.resolve(Component.CONFIG))) {
            if (!Files.isDirectory(folder)) {
                throw Problem.request("there is no folder " + folder);
            }
            return folder;
        }
        return part;
    }

    private static String part(List<ModelFamily> families) {
        return families.get(0).modelClass().role().component();
    }

    private static ModelFamily family(Path folder, List<ModelFamily> families) {
        Path config = folder.resolve(Component.CONFIG);
        Object named = Files.exists(config) ? Json.readObject(config).get("_class_name") : null;
        if (named == null) {
            return families.get(0);
        }
        return families.stream()
                .filter(family -> family.name().equals(named))
                .findFirst()
                .orElseThrow(() -> Problem.failure(config + " is of the class " + named + ", but must be of "
                        + families.stream().map(ModelFamily::name).collect(Collectors.joining(" or "))));
    }

    static Path fetch(HubRepo repo, List<ModelFamily> families, @Nullable String variant, HubClient hub) {
        HubContents there = hub.contents(repo);
        String within = part(families) + "/";
        String inside = there.has(Component.CONFIG) ? "" : within;
        if (!there.has(inside + Component.CONFIG)) {
            throw there.isWhole()
                    ? Problem.failure(repo + " on the Hub is no such network: it has neither " + Component.CONFIG
                            + " nor " + within + Component.CONFIG)
                    : hub.unknown(there, within + Component.CONFIG);
        }
        Path folder = hub.fetch(there, (inside + Component.CONFIG)::equals).resolve(inside);
        String stem = family(folder, families).modelClass().weightStem();
        PipelinePlace.weights(there, inside, WeightFiles.names(stem, variant), hub);
        return folder;
    }
}
