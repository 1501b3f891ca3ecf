// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.layer.Layer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** A folder as peft's {@code save_pretrained} writes it: the adapter's tensors alone, and what they are. */
public final class LoraFolder {
    /** The file that is written last. */
    public static final String CONFIG = "adapter_config.json";

    private static final String WEIGHTS = "adapter_model.safetensors";
    private static final String PREFIX = "base_model.model.";

    private LoraFolder() {}

    /**
     * Writes the products in {@code network}; each file is replaced whole.
     *
     * @param base where the network's own weights are, as text; {@code null} where that is not known
     * @param revision of {@code base}, where it is a repository of the Hub
     * @throws Problem (a failure) where it cannot be written; what was there is whole then
     */
    public static void write(
            Path folder, Layer network, LoraConfig config, @Nullable String base, @Nullable String revision) {
        Map<String, Tensor> named = new LinkedHashMap<>();
        List<String> layers = new ArrayList<>();
        Lora.weights(network).forEach((name, tensor) -> {
            named.put(PREFIX + name, tensor);
            if (name.endsWith(".lora_A.weight")) {
                layers.add(name.substring(0, name.length() - ".lora_A.weight".length()));
            }
        });
        Safetensors.write(folder.resolve(WEIGHTS), named, Map.of("format", "pt"));
        AtomicFile.write(folder.resolve(CONFIG), Json.pretty(describe(config, layers, base, revision)));
    }

    /** A config of peft's, by its keys. */
    static Map<String, @Nullable Object> describe(
            LoraConfig config, List<String> layers, @Nullable String base, @Nullable String revision) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("alpha_pattern", Map.of());
        json.put("auto_mapping", null);
        json.put("base_model_name_or_path", base);
        json.put("bias", "none");
        json.put("fan_in_fan_out", false);
        json.put("inference_mode", true);
        json.put("init_lora_weights", true);
        json.put("lora_alpha", number(config.alpha()));
        json.put("lora_dropout", config.dropout());
        json.put("modules_to_save", null);
        json.put("peft_type", "LORA");
        json.put("r", (long) config.rank());
        json.put("rank_pattern", Map.of());
        json.put("revision", revision);
        json.put("target_modules", layers);
        json.put("task_type", null);
        json.put("use_dora", false);
        json.put("use_rslora", false);
        return json;
    }

    /** Without a fraction where it is whole. */
    static Object number(double value) {
        return value == Math.rint(value) ? (Object) (long) value : value;
    }
}
