// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.text.TokenizerFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The parts that stand beside a denoiser, all in its folder or each in a folder of its own; nothing of them has been read. Immutable.
 * A folder written with them has them byte by byte, except those that learnt.
 */
public final class Companions {
    private static final List<String> LEFT_OUT = List.of("safety_checker", "feature_extractor", "image_encoder");

    private final Map<String, Component> components;
    private final Map<String, @Nullable Object> settings;
    private final ModelFamilies families;

    private Companions(
            Map<String, Component> components, Map<String, @Nullable Object> settings, ModelFamilies families) {
        this.components = components;
        this.settings = settings;
        this.families = families;
    }

    /** None yet, for a {@code StableDiffusionPipeline}. */
    public static Companions none(ModelFamilies families) {
        Map<String, @Nullable Object> settings = new LinkedHashMap<>();
        settings.put("_class_name", "StableDiffusionPipeline");
        settings.put("requires_safety_checker", false);
        LEFT_OUT.forEach(name -> settings.put(name, Arrays.asList(null, null)));
        return new Companions(Map.of(), settings, families);
    }

    /** Those of a pipeline's folder, and the class and settings of the whole; none where it holds a single network. */
    public static Companions of(PipelineFolder folder, ModelFamilies families) {
        Map<String, Component> found = new LinkedHashMap<>(folder.companions());
        found.values().removeIf(component -> component.isControl(families));
        Map<String, @Nullable Object> settings =
                new LinkedHashMap<>(folder.components().settings());
        folder.components().components().values().stream()
                .filter(Component::isOptional)
                .forEach(component -> settings.put(component.name(), Arrays.asList(null, null)));
        return new Companions(found, settings, families);
    }

    /**
     * With another part, or another in the place of one.
     *
     * @param name {@code vae}, {@code text_encoder}, {@code tokenizer}
     * @param place a pipeline's folder that has such a part, or the part's own folder
     * @throws Problem (a failure) where there is none
     */
    public Companions with(String name, Path place) {
        Map<String, Component> all = new LinkedHashMap<>(components);
        all.put(name, component(name, place));
        return new Companions(all, settings, families);
    }

    private Component component(String name, Path place) {
        if (Files.exists(place.resolve(ComponentMap.FILE))) {
            ComponentMap map = ComponentMap.read(place);
            return map.find(name)
                    .orElseThrow(() -> Problem.failure(map.file() + " names no part '" + name + "'; its parts are "
                            + String.join(", ", map.components().keySet())));
        }
        if (!Files.isDirectory(place)) {
            throw Problem.failure("there is no folder " + place + ", which is to hold the part '" + name + "'");
        }
        Component plain = new Component(name, "transformers", TokenizerFolder.CLASS, place);
        if (plain.isTokenizer()) {
            return plain;
        }
        String className = className(Json.readObject(plain.configFile()));
        ModelFamily family = families.named(className, place.toString());
        return new Component(name, family.modelClass().library(), className, place);
    }

    /** As diffusers or as transformers write it. */
    private static String className(Map<String, @Nullable Object> config) {
        Object named = config.get("_class_name");
        return named == null && config.get("architectures") instanceof List<?> classes && !classes.isEmpty()
                ? String.valueOf(classes.get(0))
                : String.valueOf(named);
    }

    /** By name. */
    public Map<String, Component> components() {
        return Collections.unmodifiableMap(components);
    }

    /** A setting of the whole, such as {@code force_zeros_for_empty_prompt}. */
    public @Nullable Object setting(String key) {
        return settings.get(key);
    }

    /** The networks that a part is of. */
    public ModelFamilies families() {
        return families;
    }

    /**
     * SHA-256 of the weights of those that are networks, by name.
     *
     * @throws Problem (a failure) where they cannot be read
     */
    public Map<String, String> hashes() {
        Map<String, String> hashes = new TreeMap<>();
        components.forEach((name, component) -> {
            if (!component.isTokenizer()) {
                hashes.put(name, new WeightsHash(component.folder(), List.of()).get());
            }
        });
        return hashes;
    }

    /**
     * Writes a pipeline's folder, or replaces the files of one.
     *
     * @param learnt those of the parts that are no longer as in their files
     */
    public void write(
            Path target, Model denoiser, Map<String, Model> learnt, Scheduler scheduler, SaveOptions options) {
        ComponentWriter writer = new ComponentWriter(target, ComponentMap.empty(target, settings), options);
        writer.write(denoiser.modelClass().role().component(), denoiser);
        components.forEach((name, component) -> {
            Model own = learnt.get(name);
            if (own == null) {
                writer.copy(component);
            } else {
                writer.write(name, own);
            }
        });
        writer.write(scheduler);
        writer.finish();
    }
}
