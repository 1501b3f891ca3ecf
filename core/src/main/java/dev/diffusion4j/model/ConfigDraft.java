// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A network's config on its way from the keys that are given to all that the data decides. What is given stays. */
public final class ConfigDraft {
    private final String className;
    private final Map<String, @Nullable Object> values;
    private final FitTarget target;

    ConfigDraft(String className, Map<String, ? extends @Nullable Object> given, FitTarget target) {
        this.className = className;
        this.values = new LinkedHashMap<>(given);
        this.target = target;
    }

    /** What it is fitted to. */
    public FitTarget target() {
        return target;
    }

    /** A value as it stands; {@code null} where there is none. */
    public @Nullable Object get(String key) {
        return values.get(key);
    }

    /** A whole number as it stands, or {@code fallback}. */
    public long getLong(String key, long fallback) {
        return values.get(key) instanceof Number number ? number.longValue() : fallback;
    }

    /** Gives a key a value where it has none. */
    public ConfigDraft fill(String key, Object value) {
        values.putIfAbsent(key, value);
        return this;
    }

    /** Gives a key a value, whatever it had. */
    public ConfigDraft put(String key, @Nullable Object value) {
        values.put(key, value);
        return this;
    }

    /** {@code sample_size} and {@code in_channels}. */
    public ConfigDraft fillShape() {
        return fillSize().fill("in_channels", (long) target.channels());
    }

    /** {@code sample_size}. */
    public ConfigDraft fillSize() {
        return fill(
                "sample_size", java.util.Objects.requireNonNull(target.size().toJson()));
    }

    /**
     * The number of classes.
     *
     * @throws Problem (a wrong request) where the data has none, or another number than is given
     */
    public ConfigDraft fillClasses(String key) {
        int classes = target.classes();
        Object given = values.get(key);
        if (given == null && classes == 0) {
            throw Problem.request(
                    target.description() + " has no classes, but a " + className
                            + " of this recipe is conditioned on them: use data with class folders, or a recipe without classes");
        }
        if (given instanceof Number number && number.longValue() != classes) {
            throw Problem.request("model.config." + key + " is " + given + ", but " + target.description() + " has "
                    + (classes == 0 ? "no" : classes) + " classes: omit it, and the data decides");
        }
        return fill(key, (long) classes);
    }

    /** A group within the config, fitted to the same; what is written to it is written to the group. */
    public ConfigDraft group(String key) {
        Map<String, @Nullable Object> given = values.get(key) instanceof Map<?, ?> map ? Json.object(map) : Map.of();
        ConfigDraft inner = new ConfigDraft(className, given, target);
        values.put(key, inner.values);
        return inner;
    }

    /** All keys and values. */
    Map<String, @Nullable Object> values() {
        return values;
    }
}
