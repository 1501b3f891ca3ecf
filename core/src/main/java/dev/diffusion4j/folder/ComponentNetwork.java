// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.base.Worded;
import dev.diffusion4j.checkpoint.WeightFiles;
import dev.diffusion4j.checkpoint.WeightLoader;
import dev.diffusion4j.checkpoint.WeightSource;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.WeightMemory;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Device;
import org.jspecify.annotations.Nullable;

/**
 * A part of a pipeline that is a network of a known family: makes and fills it.
 *
 * @param component where its files are
 * @param family of its class
 */
public record ComponentNetwork(Component component, ModelFamily family) {

    /**
     * The network whose config and weights lie in a folder of its own.
     *
     * @throws Problem (a failure) where it has no config, or one of another class
     */
    public static ComponentNetwork ofFolder(Path folder, ModelFamily family) {
        String name = family.modelClass().role().component();
        Component component = new Component(name, "diffusers", family.name(), folder);
        Path file = component.configFile();
        Object given = Json.readObject(file).get("_class_name");
        if (given != null && !given.equals(family.name())) {
            throw Problem.failure(file + " is of a " + given + ", but must be of a " + family.name());
        }
        return new ComponentNetwork(component, family);
    }

    /** The network with its weights. The caller owns it. */
    public Model read(Device device, Precision precision, @Nullable String variant) {
        Model model = WeightMemory.madeAs(precision.scalarType(), this::create);
        try {
            fill(model, variant);
            if (!device.is_cpu()) {
                model.convert(device, precision.scalarType());
            }
            return model;
        } catch (Throwable e) {
            model.close();
            throw e;
        }
    }

    /** The network as configured, without content. The caller owns it. */
    public Model create() {
        Path file = component.configFile();
        return create(family, Json.readObject(file), file.toString());
    }

    /**
     * A network without content; the caller owns it.
     *
     * @param where the config stands, for messages
     */
    public static Model create(ModelFamily family, Map<String, @Nullable Object> config, String where) {
        try {
            return family.create(config);
        } catch (IllegalArgumentException e) {
            throw Problem.failure(where + ": " + Worded.marked(e), e);
        } catch (RuntimeException e) {
            if (String.valueOf(e.getMessage()).contains("can't allocate memory")) { // as LibTorch says it
                throw Problem.failure(where + " describes a network that is too large for this machine's memory", e);
            }
            throw e;
        }
    }

    /**
     * Compares the names and shapes of the weights with the config, without reading any.
     *
     * @throws Problem (a failure) where they do not fit
     */
    public void check(@Nullable String variant) {
        try (WeightSource weights = weights(variant);
                Model model = WeightMemory.shapesOnly(this::create)) {
            WeightLoader.check(weights, model.stateDict(), model::weightName, model::isIgnored);
        }
    }

    /**
     * What it is read from.
     *
     * @throws Problem (a failure) where it has no config
     */
    public PartContent content(@Nullable String variant) {
        Map<String, @Nullable Object> config = new LinkedHashMap<>(Json.readObject(component.configFile()));
        config.keySet().removeIf(key -> key.startsWith("_"));
        config.put("_class_name", family.name());
        return new PartContent(
                config, WeightFiles.used(component.folder(), family.modelClass().weightStem(), variant));
    }

    private WeightSource weights(@Nullable String variant) {
        return WeightFiles.open(component.folder(), family.modelClass().weightStem(), variant);
    }

    /**
     * Fills a network with the weights.
     *
     * @param model on the CPU, of any floating dtype
     * @throws Problem (a failure) where they do not fit it; it is unchanged then
     */
    public void fill(Model model, @Nullable String variant) {
        try (WeightSource weights = weights(variant)) {
            WeightLoader.load(weights, model.stateDict(), model::weightName, model::isIgnored);
        }
    }
}
