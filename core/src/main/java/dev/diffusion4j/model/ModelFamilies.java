// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

import dev.diffusion4j.base.Nearest;
import dev.diffusion4j.base.Problem;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The families that a folder or a recipe may name, by class name. Immutable: an application passes its own set. */
public final class ModelFamilies {
    /** Those of this library. */
    public static final ModelFamilies BUILT_IN = builtIn();

    private final Map<String, ModelFamily> byName;

    private ModelFamilies(Map<String, ModelFamily> byName) {
        this.byName = byName;
    }

    private static ModelFamilies builtIn() {
        Map<String, ModelFamily> all = new LinkedHashMap<>();
        Arrays.stream(ModelKind.values()).forEach(kind -> all.put(kind.key(), kind.family()));
        return new ModelFamilies(all);
    }

    /** With one more; it takes the place of one with the same name. */
    public ModelFamilies with(ModelFamily family) {
        Map<String, ModelFamily> all = new LinkedHashMap<>(byName);
        all.put(family.name(), family);
        return new ModelFamilies(all);
    }

    /** The family of that class name, where there is one. */
    public Optional<ModelFamily> find(String className) {
        return Optional.ofNullable(byName.get(className));
    }

    /** The family of that class name; {@link Problem} (a failure) naming the known ones where there is none. */
    public ModelFamily named(String className, String where) {
        return find(className)
                .orElseThrow(() -> Problem.failure(where + " holds a network of the class '" + className + "'"
                        + Nearest.hint(className, byName.keySet()) + ", which is not supported; supported are "
                        + String.join(", ", byName.keySet())));
    }

    /** Their class names. */
    public java.util.List<String> names() {
        return java.util.List.copyOf(byName.keySet());
    }
}
