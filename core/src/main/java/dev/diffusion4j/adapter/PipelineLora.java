// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.layer.Layer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * One file for the LoRAs of a pipeline's parts, as diffusers' {@code save_lora_weights} writes it: peft's names behind the part's, and what
 * they are in the note {@code lora_adapter_metadata}, without which a reader would take alpha for the rank.
 */
public final class PipelineLora {
    /** The file's name, by which diffusers finds it in a folder. */
    public static final String FILE = "pytorch_lora_weights.safetensors";

    /** The note's name. */
    static final String NOTE = "lora_adapter_metadata";

    private static final String DOWN = ".lora_A.weight";
    static final String TEXT = "text_model.";

    private PipelineLora() {}

    /**
     * Writes the products in {@code networks}; the file is replaced whole.
     *
     * @param networks by the part that each is; borrowed
     * @throws dev.diffusion4j.base.Problem (a failure) where it cannot be written; what was there is whole then
     */
    public static void write(Path folder, Map<LoraComponent, ? extends Layer> networks, LoraConfig config) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        Map<String, @Nullable Object> note = new TreeMap<>();
        new EnumMap<>(networks).forEach((part, network) -> {
            List<String> layers = new ArrayList<>();
            Lora.weights(network).forEach((name, tensor) -> {
                String own = withoutText(name);
                tensors.put(part.key() + "." + (part.isText() ? TEXT : "") + own, tensor);
                if (own.endsWith(DOWN)) {
                    layers.add(own.substring(0, own.length() - DOWN.length()));
                }
            });
            LoraFolder.describe(config, layers, null, null)
                    .forEach((key, value) -> note.put(part.key() + "." + key, value));
        });
        Safetensors.write(folder.resolve(FILE), tensors, Map.of("format", "pt", NOTE, Json.pretty(note)));
    }

    /** CLIP's layers as all versions of transformers find them: some have {@code text_model.} before them, some have not. */
    static String withoutText(String name) {
        return name.startsWith(TEXT) ? name.substring(TEXT.length()) : name;
    }
}
