// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder.single;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.WeightSource;
import dev.diffusion4j.folder.Component;
import dev.diffusion4j.folder.ComponentMap;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.ModelFamilies;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The folder that says what a single file does not, and may hold parts that it lacks; or none. */
final class ConfigFolder implements AutoCloseable {
    private final @Nullable Path folder;
    private final ModelFamilies families;
    private final @Nullable ComponentMap map;
    private final List<WeightSource> opened = new ArrayList<>();

    /** @throws Problem where there is no such folder */
    ConfigFolder(@Nullable Path folder, ModelFamilies families) {
        this.folder = folder;
        this.families = families;
        if (folder != null && !Files.isDirectory(folder)) {
            throw Problem.request("config", folder, "be a folder in the form of diffusers");
        }
        map = folder != null && Files.exists(folder.resolve(ComponentMap.FILE)) ? ComponentMap.read(folder) : null;
    }

    boolean isGiven() {
        return folder != null;
    }

    private Optional<Map<String, @Nullable Object>> json(String first, String... more) {
        return Optional.ofNullable(folder)
                .map(root -> root.resolve(Path.of(first, more)))
                .filter(Files::exists)
                .map(Json::readObject);
    }

    /** The keys of a part's config. */
    Optional<Map<String, @Nullable Object>> part(String name) {
        return json(name, "config.json").map(ConfigFolder::withoutNotes);
    }

    /** The keys of the scheduler's config, its class among them. */
    Optional<Map<String, @Nullable Object>> scheduler() {
        return json("scheduler", "scheduler_config.json").map(keys -> {
            Map<String, @Nullable Object> own = withoutNotes(keys);
            own.put(OpenedParts.CLASS, keys.get(OpenedParts.CLASS));
            return own;
        });
    }

    private static Map<String, @Nullable Object> withoutNotes(Map<String, @Nullable Object> keys) {
        Map<String, @Nullable Object> own = new LinkedHashMap<>(keys);
        own.keySet().removeIf(key -> key.startsWith("_"));
        return own;
    }

    /** The class of the whole and what stands beside the parts. */
    Optional<Map<String, @Nullable Object>> settings() {
        return Optional.ofNullable(map).map(ComponentMap::settings);
    }

    /** The folder of a tokenizer. */
    Optional<Path> tokenizer(String name) {
        return Optional.ofNullable(folder).map(root -> root.resolve(name)).filter(Files::isDirectory);
    }

    /**
     * Adds the parts that a file lacks and this folder holds, and says what is lacking still.
     *
     * @param texts the text encoders that belong to such a file
     */
    void addMissing(Map<String, PipelinePart> parts, Set<String> texts, List<String> notes) {
        List<String> wanted = new ArrayList<>(List.of("unet", "vae"));
        wanted.addAll(texts);
        for (String name : wanted) {
            if (!parts.containsKey(name)) {
                Optional<Component> component = Optional.ofNullable(map).flatMap(known -> known.find(name));
                component.ifPresent(known -> add(known, parts));
                if (!parts.containsKey(name)) {
                    notes.add("the file holds no '" + name + "'");
                }
            }
        }
    }

    private void add(Component component, Map<String, PipelinePart> parts) {
        if (OpenedFolder.hasWeights(component, families)) {
            PipelinePart part = OpenedFolder.part(component, families);
            opened.add(part.weights());
            parts.put(part.name(), part);
        }
    }

    /** The files that were opened; their owner closes them. */
    List<WeightSource> opened() {
        return opened;
    }

    @Override
    public void close() {
        opened.forEach(WeightSource::close);
    }
}
