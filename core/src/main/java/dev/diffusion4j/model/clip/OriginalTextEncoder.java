// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.clip;

import dev.diffusion4j.checkpoint.ArrangedWeights;
import dev.diffusion4j.checkpoint.TensorInfo;
import dev.diffusion4j.checkpoint.WeightSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A text encoder within a checkpoint of Stable Diffusion's original layout: OpenAI's as transformers names it, or OpenCLIP's. Names and
 * their order of use are those of diffusers' {@code single_file_utils.py}.
 */
public final class OriginalTextEncoder {
    private static final String TOWER = "text_model.";
    private static final String PROJECTION = "text_projection.weight";
    private static final Pattern LAYER = Pattern.compile("text_model\\.encoder\\.layers\\.(\\d+)\\..+");

    /** Stable Diffusion 2 attends to the states before OpenCLIP's last block, which is its 24th. */
    private static final String UNUSED_BLOCK = "text_model.encoder.layers.23.";

    /** Numbers of a head in every CLIP of this kind. */
    private static final int HEAD_WIDTH = 64;

    private OriginalTextEncoder() {}

    /** Whether the names are OpenCLIP's. */
    public static boolean isOpenClip(WeightSource file) {
        return file.tensors().containsKey("token_embedding.weight")
                || file.tensors().containsKey("transformer.resblocks.0.ln_1.weight");
    }

    /**
     * OpenCLIP's text half under transformers' names.
     *
     * @param file with OpenCLIP's names; not closed by the result's owner
     * @param projected whether the map to the space of texts and pictures is used; without it the last of 24 blocks is not used either
     * @param title for messages
     */
    public static WeightSource fromOpenClip(WeightSource file, boolean projected, String title) {
        WeightSource whole = ClipWeights.ofOpenClip(file);
        ArrangedWeights text = new ArrangedWeights(whole, title);
        whole.tensors().keySet().stream()
                .filter(name -> name.startsWith(TOWER) || name.equals(PROJECTION))
                .filter(name -> projected || !name.equals(PROJECTION) && !name.startsWith(UNUSED_BLOCK))
                .forEach(name -> text.addWhole(name, name));
        return text;
    }

    /** The text half under transformers' names, which it has already, with or without {@code text_model.}; position numbers are left out. */
    public static WeightSource fromTransformers(WeightSource file, String title) {
        ArrangedWeights text = new ArrangedWeights(file, title);
        file.tensors().keySet().forEach(name -> {
            String full = name.startsWith(TOWER) || name.equals(PROJECTION) ? name : TOWER + name;
            if (!full.endsWith("position_ids") && isOfText(full)) {
                text.addWhole(full, name);
            }
        });
        return text;
    }

    private static boolean isOfText(String name) {
        return name.startsWith(TOWER + "embeddings.")
                || name.startsWith(TOWER + "encoder.")
                || name.startsWith(TOWER + "final_layer_norm.")
                || name.equals(PROJECTION);
    }

    /** Transformers' names, as {@link #fromTransformers} gives them, to OpenCLIP's. */
    public static WeightSource toOpenClip(WeightSource named) {
        return ClipWeights.toOpenClip(named);
    }

    /** The keys of {@code config.json} that the weights' shapes say. */
    public static Map<String, @Nullable Object> shapeKeys(WeightSource named) {
        Map<String, @Nullable Object> keys = new LinkedHashMap<>();
        shape(named, "text_model.embeddings.token_embedding.weight", 2, shape -> {
            keys.put("vocab_size", shape.get(0));
            keys.put("hidden_size", shape.get(1));
            keys.put("num_attention_heads", Math.max(1, shape.get(1) / HEAD_WIDTH));
        });
        shape(
                named,
                "text_model.embeddings.position_embedding.weight",
                2,
                shape -> keys.put("max_position_embeddings", shape.get(0)));
        shape(
                named,
                "text_model.encoder.layers.0.mlp.fc1.weight",
                2,
                shape -> keys.put("intermediate_size", shape.get(0)));
        shape(named, PROJECTION, 2, shape -> keys.put("projection_dim", shape.get(0)));
        keys.put(
                "num_hidden_layers",
                named.tensors().keySet().stream()
                        .map(LAYER::matcher)
                        .filter(java.util.regex.Matcher::matches)
                        .map(layer -> layer.group(1))
                        .distinct()
                        .count());
        return keys;
    }

    private static void shape(
            WeightSource named, String name, int dimensions, java.util.function.Consumer<List<Long>> use) {
        TensorInfo info = named.tensors().get(name);
        if (info != null && info.shape().size() == dimensions) {
            use.accept(info.shape());
        }
    }
}
