// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.folder.ComponentMap;
import dev.diffusion4j.folder.PipelinePlace;
import dev.diffusion4j.hub.HubProgress;
import dev.diffusion4j.hub.HubRepo;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.service.ServiceModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The models of a server by name, as a person writes them down. */
public final class ServedModels {
    private static final List<String> FILES = List.of(".safetensors", ".ckpt");

    private ServedModels() {}

    /**
     * Some models one by one, and all of a folder.
     *
     * @param texts {@code PLACE} or {@code PLACE=NAME}: a model's folder, that of a run, one file, or {@code org/name} on the Hub
     * @param folder whose folders with models and files of weights are served by their names; {@code null} for none
     * @param progress receives how much comes from the Hub
     * @throws Problem where a place is none, there are none, or two have one name
     */
    public static Map<String, ServiceModel> find(List<String> texts, @Nullable Path folder, HubProgress progress) {
        Map<String, ServiceModel> models = new LinkedHashMap<>();
        for (String text : texts) {
            int equals = Files.exists(Path.of(text)) ? -1 : text.lastIndexOf('='); // a folder may be called lr=0.001
            Path place = Path.of(equals < 0 ? text : text.substring(0, equals));
            String name = equals < 0 ? name(place) : text.substring(equals + 1);
            add(models, name, PipelinePlace.folder(place, null, progress));
        }
        if (folder != null) {
            within(folder).forEach(place -> add(models, name(place), PipelinePlace.insideRun(place)));
        }
        if (models.isEmpty()) {
            throw Problem.request(
                    folder == null
                            ? "there is nothing to serve: give a {model}, or a folder of them with {modelsDir}"
                            : "{modelsDir} " + folder + " holds no model");
        }
        return models;
    }

    private static void add(Map<String, ServiceModel> models, String name, Path place) {
        if (name.isEmpty()) {
            throw Problem.request("the {model} " + place + " has an empty name");
        }
        if (models.putIfAbsent(name, ServiceModel.at(place)) != null) {
            throw Problem.request("two models are called '" + name + "': give one another name, {model} PLACE=NAME");
        }
    }

    private static List<Path> within(Path folder) {
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(ServedModels::isModel).sorted().toList();
        } catch (IOException e) {
            throw Problem.failure("cannot look through " + folder + ": " + AtomicFile.reason(e), e);
        }
    }

    private static boolean isModel(Path place) {
        if (!Files.isDirectory(place)) {
            return !plain(place).equals(fileName(place));
        }
        Path folder = PipelinePlace.insideRun(place); // which may be a classifier's
        return Files.exists(folder.resolve(ComponentMap.FILE))
                && ComponentMap.read(folder).mayDraw(ModelFamilies.BUILT_IN);
    }

    /** {@code org/name} on the Hub; else the name of the file, the folder or the run. */
    private static String name(Path place) {
        return PipelinePlace.repository(place)
                .map(HubRepo::id)
                .orElseGet(
                        () -> plain(PipelinePlace.runOf(place.toAbsolutePath().normalize())));
    }

    private static String plain(Path place) {
        String name = fileName(place);
        return FILES.stream()
                .filter(name::endsWith)
                .findFirst()
                .map(end -> name.substring(0, name.length() - end.length()))
                .orElse(name);
    }

    private static String fileName(Path place) {
        return String.valueOf(place.getFileName());
    }
}
