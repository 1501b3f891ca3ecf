// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder.single;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.ArrangedWeights;
import dev.diffusion4j.checkpoint.WeightFiles;
import dev.diffusion4j.checkpoint.WeightSource;
import dev.diffusion4j.folder.Component;
import dev.diffusion4j.folder.ComponentMap;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.tensor.WeightMemory;
import dev.diffusion4j.text.ClipTokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads the parts of a folder in diffusers' form, for another place. */
final class OpenedFolder {
    private OpenedFolder() {}

    /**
     * Opens a folder. Parts that change no picture are left out, and that is noted.
     *
     * @throws Problem where it is no such folder, or has a part that is not known
     */
    static OpenedParts open(Path folder, ModelFamilies families) {
        ComponentMap map = PipelineFolder.open(folder, families).components();
        map.firstUnknown(families).ifPresent(unknown -> {
            throw Problem.failure(folder + " has the part " + unknown + ", which is not supported");
        });
        Map<String, PipelinePart> parts = new LinkedHashMap<>();
        Map<String, ClipTokenizer> tokenizers = new LinkedHashMap<>();
        Map<String, @Nullable Object> scheduler = new LinkedHashMap<>();
        List<String> notes = new ArrayList<>();
        List<WeightSource> files = new ArrayList<>();
        try {
            for (Component component : map.components().values()) {
                if (component.isOptional()) {
                    notes.add(folder + ": '" + component.name() + "' changes no picture and is left out");
                } else if (component.isTokenizer()) {
                    tokenizers.put(component.name(), component.readTokenizer());
                } else if (component.isScheduler()) {
                    scheduler.putAll(keys(Json.readObject(component.configFile())));
                    scheduler.put(OpenedParts.CLASS, component.className());
                } else {
                    PipelinePart part = part(component, families);
                    files.add(part.weights());
                    parts.put(part.name(), part);
                }
            }
            return new OpenedParts(folder, map.settings(), parts, scheduler, tokenizers, notes, files);
        } catch (Throwable e) {
            files.forEach(WeightSource::close);
            throw e;
        }
    }

    static boolean hasWeights(Component component, ModelFamilies families) {
        return WeightFiles.names(component.weightStem(families), null).stream()
                .anyMatch(name -> Files.exists(component.folder().resolve(name)));
    }

    /**
     * A network, its weights checked and under the names that are written today.
     *
     * @throws Problem where it cannot be read
     */
    static PipelinePart part(Component component, ModelFamilies families) {
        Map<String, @Nullable Object> config = keys(Json.readObject(component.configFile()));
        WeightSource stored = component.openWeights(families, null);
        try {
            PipelinePart raw =
                    new PipelinePart(component.name(), component.library(), component.className(), config, stored);
            raw.check(families);
            return new PipelinePart(
                    component.name(), component.library(), component.className(), config, named(raw, families));
        } catch (Throwable e) {
            stored.close();
            throw e;
        }
    }

    /** Old spellings become those of the network, and tables that are no weights are left out. */
    private static WeightSource named(PipelinePart raw, ModelFamilies families) {
        ArrangedWeights named = new ArrangedWeights(raw.weights(), "");
        try (Model model = raw.create(families, WeightMemory::shapesOnly)) {
            raw.weights().tensors().keySet().stream()
                    .filter(name -> !model.isIgnored(name))
                    .forEach(name -> named.addWhole(model.weightName(name), name));
        }
        return named;
    }

    private static Map<String, @Nullable Object> keys(Map<String, @Nullable Object> json) {
        Map<String, @Nullable Object> keys = new LinkedHashMap<>(json);
        keys.keySet().removeIf(key -> key.startsWith("_"));
        return keys;
    }
}
