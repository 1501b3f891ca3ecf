// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.model.ModelKind;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which network a recipe trains.
 *
 * @param kind its family, by class name
 * @param classConditional whether it is told the class of a picture (families that can be, but need not)
 * @param config keys of its {@code config.json}; sizes and channels that are left out are taken from the data
 */
public record ModelSpec(ModelKind kind, boolean classConditional, Map<String, @Nullable Object> config) {
    public static final ModelSpec DEFAULT = new ModelSpec(ModelKind.UNET_2D, false, Map.of());

    public ModelSpec {
        config = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(config));
    }
}
