// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.clip;

import dev.diffusion4j.checkpoint.ArrangedWeights;
import dev.diffusion4j.checkpoint.NamePairs;
import dev.diffusion4j.checkpoint.TensorInfo;
import dev.diffusion4j.checkpoint.WeightSource;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** CLIP's weights under the names of transformers' {@code CLIPModel}, whichever of the two references wrote them; and back. */
final class ClipWeights {
    private static final Pattern BLOCK = Pattern.compile("(visual\\.)?transformer\\.resblocks\\.(\\d+)\\.(.+)");
    private static final List<String> PROJECTIONS = List.of("q_proj", "k_proj", "v_proj");

    /** What OpenCLIP calls the parts outside the blocks; a transposed one is a matrix from the left there. */
    private static final Map<String, String> NAMES = Map.ofEntries(
            Map.entry("logit_scale", "logit_scale"),
            Map.entry("visual.class_embedding", "vision_model.embeddings.class_embedding"),
            Map.entry("visual.conv1.weight", "vision_model.embeddings.patch_embedding.weight"),
            Map.entry("visual.positional_embedding", "vision_model.embeddings.position_embedding.weight"),
            Map.entry("visual.ln_pre.weight", "vision_model.pre_layrnorm.weight"),
            Map.entry("visual.ln_pre.bias", "vision_model.pre_layrnorm.bias"),
            Map.entry("visual.ln_post.weight", "vision_model.post_layernorm.weight"),
            Map.entry("visual.ln_post.bias", "vision_model.post_layernorm.bias"),
            Map.entry("visual.proj", "visual_projection.weight"),
            Map.entry("token_embedding.weight", "text_model.embeddings.token_embedding.weight"),
            Map.entry("positional_embedding", "text_model.embeddings.position_embedding.weight"),
            Map.entry("ln_final.weight", "text_model.final_layer_norm.weight"),
            Map.entry("ln_final.bias", "text_model.final_layer_norm.bias"),
            Map.entry("text_projection", "text_projection.weight"),
            Map.entry("text_projection.weight", "text_projection.weight"));

    private static final List<String> TRANSPOSED = List.of("visual.proj", "text_projection");

    /** The parts of a block, but for the three maps that OpenCLIP joins. */
    private static final NamePairs IN_BLOCK = new NamePairs()
            .add("attn.out_proj", "self_attn.out_proj")
            .add("ln_1", "layer_norm1")
            .add("ln_2", "layer_norm2")
            .add("mlp.c_fc", "mlp.fc1")
            .add("mlp.c_proj", "mlp.fc2");

    private static final Pattern TEXT_LAYER = Pattern.compile("text_model\\.encoder\\.layers\\.(\\d+)\\.(.+)");
    private static final Pattern QUERY = Pattern.compile("self_attn\\.q_proj\\.(weight|bias)");

    /** What stands in files beside the weights. */
    private static final Pattern IGNORED =
            Pattern.compile(".*\\.position_ids|attn_mask|input_resolution|context_length|vocab_size|logit_bias");

    private final ArrangedWeights weights;

    private ClipWeights(ArrangedWeights weights) {
        this.weights = weights;
    }

    /** Of a transformers folder; closing the result closes {@code file}. */
    static WeightSource ofTransformers(WeightSource file) {
        ArrangedWeights weights = new ArrangedWeights(file, "");
        file.tensors().keySet().stream()
                .filter(name -> !IGNORED.matcher(name).matches())
                .forEach(name -> weights.addWhole(name, name));
        return weights;
    }

    /** Of OpenCLIP's {@code CLIP}, or of its {@code CustomTextCLIP} with the same parts; closing the result closes {@code file}. */
    static WeightSource ofOpenClip(WeightSource file) {
        ClipWeights weights = new ClipWeights(new ArrangedWeights(file, ""));
        file.tensors().forEach((fileName, info) -> {
            String name = fileName.startsWith("text.") ? fileName.substring("text.".length()) : fileName;
            if (!IGNORED.matcher(name).matches()) {
                weights.translate(fileName, name, info);
            }
        });
        return weights.weights;
    }

    private void translate(String fileName, String name, TensorInfo info) {
        Matcher block = BLOCK.matcher(name);
        if (!block.matches()) {
            addOutside(NAMES.getOrDefault(name, name), fileName, name, info);
            return;
        }
        String layer =
                (block.group(1) == null ? "text_model" : "vision_model") + ".encoder.layers." + block.group(2) + ".";
        String part = block.group(3);
        if (part.startsWith("attn.in_proj_") && !info.shape().isEmpty()) {
            String kind = part.substring("attn.in_proj_".length());
            for (int i = 0; i < PROJECTIONS.size(); i++) {
                weights.addShare(
                        layer + "self_attn." + PROJECTIONS.get(i) + "." + kind, fileName, i, PROJECTIONS.size());
            }
            return;
        }
        weights.addWhole(layer + IN_BLOCK.second(part).orElse(part), fileName);
    }

    private void addOutside(String name, String fileName, String shortName, TensorInfo info) {
        if (TRANSPOSED.contains(shortName) && info.shape().size() == 2) {
            weights.addTransposed(name, fileName);
        } else if (shortName.equals("logit_scale")) {
            weights.addShaped(name, fileName, List.of());
        } else {
            weights.addWhole(name, fileName);
        }
    }

    /** The text half under OpenCLIP's names, its three maps joined; what it has no name for is left out. Closing the result closes {@code named}. */
    static WeightSource toOpenClip(WeightSource named) {
        ArrangedWeights open = new ArrangedWeights(named, "");
        NAMES.forEach((openName, name) -> {
            if (!openName.equals("text_projection.weight")
                    && name.startsWith("text_")
                    && named.tensors().containsKey(name)) {
                if (TRANSPOSED.contains(openName)) {
                    open.addTransposed(openName, name);
                } else {
                    open.addWhole(openName, name);
                }
            }
        });
        named.tensors().keySet().forEach(name -> {
            Matcher layer = TEXT_LAYER.matcher(name);
            if (layer.matches()) {
                addToBlock(open, "transformer.resblocks." + layer.group(1) + ".", name, layer.group(2));
            }
        });
        return open;
    }

    private static void addToBlock(ArrangedWeights open, String block, String name, String part) {
        Matcher query = QUERY.matcher(part);
        if (query.matches()) {
            List<String> joined = PROJECTIONS.stream()
                    .map(projection -> name.replace(".q_proj.", "." + projection + "."))
                    .toList();
            open.addJoined(block + "attn.in_proj_" + query.group(1), joined);
        } else {
            IN_BLOCK.first(part).ifPresent(own -> open.addWhole(block + own, name));
        }
    }
}
