// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Records;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A family of networks: how files name it, how a network is made from the keys of its {@code config.json}, and how that config is
 * fitted to data. Immutable.
 *
 * @param modelClass how files name it
 * @param factory makes a network without content; keys that begin with an underscore are ignored
 * @param fit how its config follows the data; {@code null} for a family that cannot be trained
 */
public record ModelFamily(
        ModelClass modelClass, Function<Map<String, @Nullable Object>, Model> factory, @Nullable ConfigFit fit) {

    /**
     * A family whose config is a record.
     *
     * @param defaults for keys that a {@code config.json} omits
     * @param network makes a network without content
     */
    public static <C extends Record> ModelFamily of(
            ModelClass modelClass, C defaults, Function<C, Model> network, @Nullable ConfigFit fit) {
        String where = modelClass.name() + " config";
        return new ModelFamily(
                modelClass, json -> network.apply(Records.bind(defaults, Records.settings(json), where)), fit);
    }

    /** Its class name. */
    public String name() {
        return modelClass.name();
    }

    /** Whether its networks draw pictures: {@link DiffusionModel}s. */
    public boolean isDenoiser() {
        return modelClass.role() == ModelRole.DENOISER;
    }

    /**
     * A network without content; the caller owns it.
     *
     * @param config of {@code config.json}; keys that begin with an underscore are ignored
     * @throws IllegalArgumentException where a value is not allowed
     */
    public Model create(Map<String, ? extends @Nullable Object> config) {
        return factory.apply(java.util.Collections.unmodifiableMap(config));
    }

    /**
     * The config of a network with fresh weights, with all filled in that the data decides.
     *
     * @throws Problem (a wrong request) where the family cannot be trained, or the data does not suit it
     */
    public Map<String, @Nullable Object> fitted(Map<String, @Nullable Object> given, FitTarget target) {
        ConfigDraft draft = new ConfigDraft(name(), given, target);
        trainable().fit(draft);
        return draft.values();
    }

    /**
     * The config of a trained network, for pictures of another size.
     *
     * @throws Problem (a wrong request) where the family cannot be trained
     */
    public Map<String, @Nullable Object> resized(Map<String, @Nullable Object> config, FitTarget target) {
        ConfigDraft draft = new ConfigDraft(name(), config, target);
        trainable().resize(draft);
        return draft.values();
    }

    private ConfigFit trainable() {
        if (fit == null) {
            throw Problem.request("a " + name() + " cannot be trained, only used");
        }
        return fit;
    }
}
