// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.WeightFiles;
import dev.diffusion4j.checkpoint.WeightSource;
import dev.diffusion4j.folder.Component;
import dev.diffusion4j.folder.ComponentNetwork;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.text.ClipTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What a pipeline folder holds: each part, known or not. */
final class FolderInfo {
    private static final ModelFamilies FAMILIES = ModelFamilies.BUILT_IN;

    private final Path path;
    private final PipelineFolder folder;
    private final Map<String, @Nullable Object> info = new LinkedHashMap<>();

    FolderInfo(Path path) {
        this.path = path;
        folder = PipelineFolder.open(path);
    }

    /** @throws Problem where a part that is known cannot be read */
    Map<String, @Nullable Object> get() {
        info.put("pipeline", folder.components().pipelineClass());
        folder.components()
                .firstUnknown(FAMILIES)
                .ifPresent(part -> info.put("not_supported", part.toString().replace("'", "")));
        if (folder.hasScheduler()) {
            putScheduler();
        }
        folder.components().components().values().stream()
                .filter(component -> !component.isScheduler())
                .forEach(component -> info.put(component.name(), network(component)));
        info.put("files", files());
        return info;
    }

    private void putScheduler() {
        Scheduler scheduler = folder.readScheduler();
        Map<String, @Nullable Object> values = new LinkedHashMap<>();
        values.put("class", scheduler.algorithm().className());
        values.put("config", scheduler.config());
        info.put("scheduler", values);
    }

    private Map<String, @Nullable Object> network(Component component) {
        Map<String, @Nullable Object> values = new LinkedHashMap<>();
        values.put("class", component.className());
        if (component.isTokenizer() && component.isKnown(FAMILIES)) {
            ClipTokenizer tokenizer = component.readTokenizer();
            values.put("tokens", tokenizer.size());
            values.put("max_length", tokenizer.maxLength());
            return values;
        }
        component
                .family(FAMILIES)
                .ifPresentOrElse(
                        family -> putKnown(values, new ComponentNetwork(component, family)),
                        () -> putUnknown(values, component));
        if (hasWeights(component)) {
            try (WeightSource weights = component.openWeights(FAMILIES, null)) {
                values.put("weights", ModelInfo.summary(weights));
            }
        }
        return values;
    }

    private static void putKnown(Map<String, @Nullable Object> values, ComponentNetwork network) {
        values.put("role", network.family().modelClass().role().name().toLowerCase(Locale.ROOT));
        try (Model model = network.read(Devices.cpu(), Precision.F32, null)) {
            values.put("parameters", model.parameterCount());
            values.put("config", model.config());
        }
    }

    private static void putUnknown(Map<String, @Nullable Object> values, Component component) {
        values.put("library", component.library());
        values.put("supported", false);
        component.config().ifPresent(config -> values.put("config", config));
    }

    /** In a folder of its own: what lies in the pipeline's may be another part's. */
    private static boolean hasWeights(Component component) {
        boolean isOwn = !component.folder().equals(component.pipelineFolder()) || component.isKnown(FAMILIES);
        return isOwn
                && WeightFiles.names(component.weightStem(FAMILIES), null).stream()
                        .anyMatch(name -> Files.exists(component.folder().resolve(name)));
    }

    private Map<String, @Nullable Object> files() {
        Map<String, @Nullable Object> sizes = new TreeMap<>();
        try (var paths = Files.walk(path)) {
            for (Path file : paths.filter(Files::isRegularFile).toList()) {
                sizes.put(path.relativize(file).toString(), Files.size(file));
            }
            return sizes;
        } catch (IOException e) {
            throw Problem.failure("cannot read " + path + ": " + AtomicFile.reason(e), e);
        }
    }
}
