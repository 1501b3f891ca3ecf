// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import dev.diffusion4j.base.UserError;
import dev.diffusion4j.checkpoint.WeightSource;
import dev.diffusion4j.json.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/** What an adapter's products are multiplied by: alpha / r, as {@code adapter_config.json} or the file's own notes say; else 1. */
final class LoraScales {
    private static final String NOTE = "lora_adapter_metadata";

    private final Map<String, @Nullable Object> config;
    private final List<OwnAlpha> alphas = new ArrayList<>();
    private final @Nullable Double alpha;
    private final String where;

    /** An entry of {@code alpha_pattern}: the end of a layer's name, as a regular expression, or the whole name. */
    private record OwnAlpha(String name, Pattern pattern, double alpha) {
        boolean isOf(String layer) {
            return layer.equals(name) || pattern.matcher(layer).matches();
        }
    }

    private LoraScales(Map<String, @Nullable Object> config, String where) {
        this.config = config;
        this.where = where;
        this.alpha = number("lora_alpha", config.get("lora_alpha"));
        number("r", config.get("r")); // the tensors say it; what it is shows whether the file is sound
        Object patterns = config.get("alpha_pattern");
        if (patterns instanceof Map<?, ?> map) {
            Json.object(map).forEach(this::addAlpha);
        } else if (patterns != null) {
            throw UserError.failure(
                    where + ": alpha_pattern is '" + patterns + "', but must be an object such as {\"to_q\": 16}");
        }
    }

    private void addAlpha(String name, @Nullable Object value) {
        String key = "alpha_pattern." + name;
        Double own = number(key, value);
        if (own == null) {
            throw notANumber(key, value);
        }
        try {
            alphas.add(new OwnAlpha(name, Pattern.compile("(.*\\.)?(" + name + ")"), own));
        } catch (PatternSyntaxException e) {
            throw UserError.failure(
                    where + ": " + key + " is " + value + ", but '" + name
                            + "' is neither the end of a layer's name nor a regular expression: " + e.getDescription(),
                    e);
        }
    }

    private @Nullable Double number(String key, @Nullable Object value) {
        if (value != null && !(value instanceof Number number && Double.isFinite(number.doubleValue()))) {
            throw notANumber(key, value);
        }
        return value == null ? null : ((Number) value).doubleValue();
    }

    private UserError notANumber(String key, @Nullable Object value) {
        return UserError.failure(where + ": " + key + " is '" + value + "', but must be a number such as 16");
    }

    /**
     * @param file the weights; a config is looked for beside it where it has peft's name
     * @throws UserError (exit code 1) where the adapter is of a kind that is not supported, or a number in its config is none
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
        for (String key : List.of("use_dora", "fan_in_fan_out")) {
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
        Double own = alphas.stream()
                .filter(entry -> entry.isOf(layer))
                .findFirst()
                .map(OwnAlpha::alpha)
                .orElse(alpha);
        if (own == null) {
            return 1;
        }
        return own / (Boolean.TRUE.equals(config.get("use_rslora")) ? Math.sqrt((double) rank) : rank);
    }
}
