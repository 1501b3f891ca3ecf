// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import dev.diffusion4j.base.UserError;
import dev.diffusion4j.checkpoint.WeightSource;
import dev.diffusion4j.json.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What an adapter's products are multiplied by: alpha / r, as {@code adapter_config.json} or the file's own notes say; else 1. */
final class LoraScales {
    private static final String NOTE = "lora_adapter_metadata";

    private final Map<String, @Nullable Object> config;
    private final Map<String, @Nullable Object> alphas;
    private final String where;

    private LoraScales(Map<String, @Nullable Object> config, String where) {
        this.config = config;
        this.where = where;
        this.alphas = config.get("alpha_pattern") instanceof Map<?, ?> map ? Json.object(map) : Map.of();
    }

    /**
     * @param file the weights; a config is looked for beside it where it has peft's name
     * @throws UserError (exit code 1) where the adapter is of a kind that is not supported
     */
    static LoraScales of(Path file, WeightSource weights) {
        Path config = file.resolveSibling("adapter_config.json");
        LoraScales scales;
        if (String.valueOf(file.getFileName()).startsWith("adapter_model") && Files.exists(config)) {
            scales = new LoraScales(Json.readObject(config), config.toString());
        } else {
            String note = weights.metadata().get(NOTE);
            Map<String, @Nullable Object> plain = new LinkedHashMap<>();
            if (note != null) {
                Json.parseObject(note, file + ": note " + NOTE)
                        .forEach((key, value) -> plain.put(key.replaceFirst("^unet\\.", ""), value));
            }
            scales = new LoraScales(plain, file.toString());
        }
        scales.refuseOtherKinds();
        return scales;
    }

    private void refuseOtherKinds() {
        Object type = config.get("peft_type");
        if (type != null && !type.equals("LORA")) {
            throw UserError.failure(where + ": an adapter of the type '" + type + "' is not supported, only LORA is");
        }
        for (String key : java.util.List.of("use_dora", "fan_in_fan_out")) {
            if (Boolean.TRUE.equals(config.get(key))) {
                throw UserError.failure(where + ": adapters with " + key + " are not supported");
            }
        }
        Object bias = config.get("bias");
        if (bias != null && !bias.equals("none")) {
            throw UserError.failure(
                    where + ": adapters with biases of their own (bias = " + bias + ") are not supported");
        }
    }

    /**
     * @param layer as the file names it
     * @param rank of its tensors
     */
    double of(String layer, long rank) {
        Object own = config.get("lora_alpha");
        for (Map.Entry<String, @Nullable Object> entry : alphas.entrySet()) {
            if (layer.equals(entry.getKey()) || layer.matches("(.*\\.)?(" + entry.getKey() + ")")) {
                own = entry.getValue();
                break;
            }
        }
        if (!(own instanceof Number alpha)) {
            return 1;
        }
        return alpha.doubleValue() / (Boolean.TRUE.equals(config.get("use_rslora")) ? Math.sqrt((double) rank) : rank);
    }
}
