// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.clip;

import dev.diffusion4j.checkpoint.TensorInfo;
import dev.diffusion4j.checkpoint.WeightSource;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** A file of CLIP's weights under the names of transformers' {@code CLIPModel}, whichever of the two references wrote it. */
final class ClipWeights implements WeightSource {
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

    /** What stands in files beside the weights. */
    private static final Pattern IGNORED =
            Pattern.compile(".*\\.position_ids|attn_mask|input_resolution|context_length|vocab_size|logit_bias");

    /**
     * Where a weight is.
     *
     * @param fileName of the tensor that holds it
     * @param info its name, dtype and shape here
     * @param third which third of the first dimension it is, or {@code null} for all
     * @param transposed whether it lies there the other way
     */
    private record Place(String fileName, TensorInfo info, @Nullable Integer third, boolean transposed) {}

    private final WeightSource file;
    private final Map<String, Place> places = new LinkedHashMap<>();
    private final Map<String, TensorInfo> infos = new LinkedHashMap<>();

    private ClipWeights(WeightSource file) {
        this.file = file;
    }

    /** Of a transformers folder; closing the result closes {@code file}. */
    static ClipWeights ofTransformers(WeightSource file) {
        ClipWeights weights = new ClipWeights(file);
        file.tensors().forEach((name, info) -> {
            if (!IGNORED.matcher(name).matches()) {
                weights.put(name, name, info.shape(), null, false);
            }
        });
        return weights;
    }

    /** Of OpenCLIP's {@code CLIP}, or of its {@code CustomTextCLIP} with the same parts; closing the result closes {@code file}. */
    static ClipWeights ofOpenClip(WeightSource file) {
        ClipWeights weights = new ClipWeights(file);
        file.tensors().forEach((fileName, info) -> {
            String name = fileName.startsWith("text.") ? fileName.substring("text.".length()) : fileName;
            if (!IGNORED.matcher(name).matches()) {
                weights.translate(fileName, name, info);
            }
        });
        return weights;
    }

    private void translate(String fileName, String name, TensorInfo info) {
        Matcher block = BLOCK.matcher(name);
        if (!block.matches()) {
            boolean transposed = TRANSPOSED.contains(name) && info.shape().size() == 2;
            List<Long> shape = name.equals("logit_scale") ? List.of() : info.shape();
            put(
                    NAMES.getOrDefault(name, name),
                    fileName,
                    transposed ? List.of(shape.get(1), shape.get(0)) : shape,
                    null,
                    transposed);
            return;
        }
        String layer =
                (block.group(1) == null ? "text_model" : "vision_model") + ".encoder.layers." + block.group(2) + ".";
        String part = block.group(3);
        if (part.startsWith("attn.in_proj_") && !info.shape().isEmpty()) {
            List<Long> shape = new java.util.ArrayList<>(info.shape());
            shape.set(0, shape.get(0) / PROJECTIONS.size());
            for (int i = 0; i < PROJECTIONS.size(); i++) {
                String kind = part.substring("attn.in_proj_".length());
                put(layer + "self_attn." + PROJECTIONS.get(i) + "." + kind, fileName, shape, i, false);
            }
            return;
        }
        String own = part.replace("attn.out_proj.", "self_attn.out_proj.")
                .replace("ln_1.", "layer_norm1.")
                .replace("ln_2.", "layer_norm2.")
                .replace("mlp.c_fc.", "mlp.fc1.")
                .replace("mlp.c_proj.", "mlp.fc2.");
        put(layer + own, fileName, info.shape(), null, false);
    }

    private void put(String name, String fileName, List<Long> shape, @Nullable Integer third, boolean transposed) {
        TensorInfo info = new TensorInfo(
                name,
                java.util.Objects.requireNonNull(file.tensors().get(fileName)).dtype(),
                shape);
        places.put(name, new Place(fileName, info, third, transposed));
        infos.put(name, info);
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        return Collections.unmodifiableMap(infos);
    }

    @Override
    public Map<String, String> metadata() {
        return file.metadata();
    }

    @Override
    public void read(String name, Tensor target) {
        WeightSource.checkTarget(this, name, target);
        Place place = java.util.Objects.requireNonNull(places.get(name));
        Integer third = place.third;
        TensorScope.run(() -> {
            Tensor whole = file.read(place.fileName);
            long rows = third == null ? 0 : whole.size(0) / PROJECTIONS.size();
            Tensor part = third == null ? whole : whole.narrow(0, third * rows, rows);
            target.copy_((place.transposed ? part.t() : part).reshape(Tensors.shape(target)));
        });
    }

    @Override
    public void close() {
        file.close();
    }

    @Override
    public String toString() {
        return file.toString();
    }
}
