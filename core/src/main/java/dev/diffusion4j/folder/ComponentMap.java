// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.model.ModelFamily;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The parts of a pipeline folder by name, as its {@code model_index.json} lists them, whether this library knows them or not; and
 * the settings beside them, which are kept as they are. Immutable.
 */
public final class ComponentMap {
    /** The file that names the parts. */
    public static final String FILE = "model_index.json";

    /** The diffusers version whose format is written. */
    public static final String DIFFUSERS_VERSION = "0.42.1";

    private static final String CLASS_NAME = "_class_name";
    private static final String SEVERAL_CONTROLS = "MultiControlNetModel";
    private static final String CONTROL = "ControlNetModel";
    private static final String VERSION = "_diffusers_version";

    private final Path folder;
    private final Map<String, @Nullable Object> entries;
    private final Map<String, Component> components = new LinkedHashMap<>();

    private ComponentMap(Path folder, Map<String, @Nullable Object> entries) {
        this.folder = folder;
        this.entries = entries;
        entries.forEach((name, entry) -> {
            if (!name.startsWith("_")
                    && entry instanceof List<?> pair
                    && pair.size() == 2
                    && pair.get(1) instanceof String className) {
                String library = String.valueOf(pair.get(0));
                if (className.equals(SEVERAL_CONTROLS)) {
                    addControls(name, library);
                } else {
                    components.put(name, new Component(name, library, className, folder));
                }
            }
        });
    }

    /** Several control networks are one entry, and lie in a folder each: {@code controlnet}, {@code controlnet_1}, … */
    private void addControls(String name, String library) {
        String next = name;
        do {
            components.put(next, new Component(next, library, CONTROL, folder));
            next = name + "_"
                    + components.keySet().stream()
                            .filter(known -> known.startsWith(name))
                            .count();
        } while (Files.isDirectory(folder.resolve(next)));
    }

    /**
     * Reads a folder's {@code model_index.json}, and nothing else.
     *
     * @throws Problem (a failure) where it cannot be read
     */
    public static ComponentMap read(Path folder) {
        return new ComponentMap(folder, Json.readObject(folder.resolve(FILE)));
    }

    /** A folder that names no parts yet. */
    public static ComponentMap empty(Path folder) {
        return new ComponentMap(folder, Map.of());
    }

    /** A folder that names no parts yet, with settings beside them, and the class of the whole ({@code _class_name}) among them. */
    public static ComponentMap empty(Path folder, Map<String, @Nullable Object> settings) {
        return new ComponentMap(folder, settings);
    }

    /** The class of the whole and the settings beside the parts. */
    public Map<String, @Nullable Object> settings() {
        Map<String, @Nullable Object> settings = new LinkedHashMap<>(entries);
        settings.keySet().removeAll(components.keySet());
        settings.remove(VERSION);
        settings.put(CLASS_NAME, pipelineClass());
        return settings;
    }

    /** By name, in the file's order; a name that stands for no part ({@code [null, null]}) is not there. */
    public Map<String, Component> components() {
        return Collections.unmodifiableMap(components);
    }

    /** The part of that name. */
    public Optional<Component> find(String name) {
        return Optional.ofNullable(components.get(name));
    }

    /** The first part that this library cannot use, in the file's order; parts that change no picture do not count. */
    public Optional<Component> firstUnknown(ModelFamilies families) {
        return components.values().stream()
                .filter(component -> !component.isOptional() && !component.isKnown(families))
                .findFirst();
    }

    /** Whether it is for drawing: not where all parts are known and none is a denoiser, as in the folder of a classifier or an autoencoder. */
    public boolean mayDraw(ModelFamilies families) {
        return firstUnknown(families).isPresent()
                || components.values().stream().anyMatch(component -> component
                        .family(families)
                        .filter(ModelFamily::isDenoiser)
                        .isPresent());
    }

    /** The file that it was read from. */
    public Path file() {
        return folder.resolve(FILE);
    }

    /**
     * The class that the file names for the whole, such as {@code DDPMPipeline}; a pipeline of somebody's own is named with its file,
     * {@code ["pipeline", "MyPipeline"]}.
     */
    public String pipelineClass() {
        Object named = entries.get(CLASS_NAME);
        return named instanceof List<?> pair && pair.size() == 2 ? String.valueOf(pair.get(1)) : String.valueOf(named);
    }

    /** A setting that stands beside the parts, such as {@code force_zeros_for_empty_prompt}. */
    public Optional<Object> setting(String key) {
        return Optional.ofNullable(entries.get(key));
    }

    /** For another folder, that will have some of the parts; those that it will not have stand for none. */
    ComponentMap at(Path other, Set<String> parts) {
        Map<String, @Nullable Object> all = new LinkedHashMap<>(entries);
        components.keySet().stream()
                .filter(name -> entries.containsKey(name) && !parts.contains(name))
                .forEach(name -> all.put(name, Arrays.asList(null, null)));
        return new ComponentMap(other, all);
    }

    /** With one more part, or another in the place of one. */
    ComponentMap with(String name, String library, String className) {
        return withEntry(name, List.of(library, className));
    }

    /** With another class for the whole. */
    ComponentMap withPipelineClass(String className) {
        return withEntry(CLASS_NAME, className);
    }

    private ComponentMap withEntry(String name, Object entry) {
        Map<String, @Nullable Object> all = new LinkedHashMap<>(entries);
        all.put(name, entry);
        return new ComponentMap(folder, all);
    }

    /** Writes the file, whole or not at all. */
    void write() {
        Map<String, @Nullable Object> json = new LinkedHashMap<>(entries);
        json.put(VERSION, DIFFUSERS_VERSION);
        AtomicFile.write(file(), Json.pretty(json));
    }

    /** Writes a part's config with the class that it is of. */
    static void writeConfig(Path file, String className, Map<String, @Nullable Object> values) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>(values);
        json.put(CLASS_NAME, className);
        json.put(VERSION, DIFFUSERS_VERSION);
        AtomicFile.write(file, Json.pretty(json));
    }
}
