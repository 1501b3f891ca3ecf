// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.clip;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.TensorInfo;
import dev.diffusion4j.checkpoint.WeightSource;
import dev.diffusion4j.json.Json;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A network's sizes as its weights have them, with what OpenCLIP's own config says beside: heads, activation. */
final class OpenClipConfig {
    /** Numbers of a head, where the config does not say. */
    private static final int HEAD_WIDTH = 64;
    /** {@code eos_token_id} 2 means "the highest id", which is what OpenCLIP takes. */
    private static final int HIGHEST_ID = 2;

    private static final double NORM_EPS = 1e-5;
    private static final Pattern VISION_BLOCK =
            Pattern.compile("vision_model\\.encoder\\.layers\\.\\d+\\.mlp\\.fc1\\.weight");
    private static final Pattern TEXT_BLOCK =
            Pattern.compile("text_model\\.encoder\\.layers\\.\\d+\\.mlp\\.fc1\\.weight");

    /** Keys that the weights' shapes say too, that matter in training only, or that are read here. */
    private static final Set<String> HARMLESS = Set.of(
            "image_size",
            "layers",
            "width",
            "patch_size",
            "head_width",
            "mlp_ratio",
            "patch_dropout",
            "output_tokens",
            "context_length",
            "vocab_size",
            "heads",
            "eos_id",
            "pad_id",
            "timm_model_pretrained",
            "hf_model_pretrained");
    /** What other keys must be for the network to be the one that we have. */
    private static final Map<String, List<Object>> EXPECTED = Map.of(
            "pool_type", List.of("tok", "argmax"),
            "pos_embed_type", List.of("learnable"),
            "proj_type", List.of("linear"),
            "block_type", List.of("default"));

    private OpenClipConfig() {}

    /**
     * @param json OpenCLIP's model config; empty where there is none
     * @throws Problem (a failure) where the network is of another build
     */
    static ClipConfig of(WeightSource weights, Map<String, @Nullable Object> json, ClipActivation activation) {
        Map<String, @Nullable Object> vision = part(json, "vision_cfg", weights);
        Map<String, @Nullable Object> text = part(json, "text_cfg", weights);
        List<Long> patches = shape(weights, "vision_model.embeddings.patch_embedding.weight", 4);
        int width = patches.get(0).intValue();
        int patch = patches.get(2).intValue();
        List<Long> tokens = shape(weights, "text_model.embeddings.token_embedding.weight", 2);
        int textWidth = tokens.get(1).intValue();
        ClipVisionConfig ofVision = new ClipVisionConfig(
                width,
                inner(weights, "vision_model"),
                count(weights, VISION_BLOCK),
                Math.max(1, width / number(vision, "head_width", HEAD_WIDTH)),
                patches.get(1).intValue(),
                side(weights, patch),
                patch,
                activation,
                NORM_EPS,
                ClipVisionConfig.DEFAULT.initializerRange(),
                ClipVisionConfig.DEFAULT.initializerFactor());
        ClipTextConfig ofText = new ClipTextConfig(
                tokens.get(0).intValue(),
                textWidth,
                inner(weights, "text_model"),
                count(weights, TEXT_BLOCK),
                number(text, "heads", Math.max(1, textWidth / HEAD_WIDTH)),
                shape(weights, "text_model.embeddings.position_embedding.weight", 2)
                        .get(0)
                        .intValue(),
                activation,
                NORM_EPS,
                HIGHEST_ID,
                ClipTextConfig.DEFAULT.initializerFactor());
        int embedding = shape(weights, "visual_projection.weight", 2).get(0).intValue();
        ClipConfig clip = ClipConfig.DEFAULT;
        return new ClipConfig(ofText, ofVision, embedding, clip.logitScaleInitValue(), clip.initializerFactor());
    }

    /** Height and width of a picture, of which one more place than patches is kept. */
    private static int side(WeightSource weights, int patch) {
        long places = shape(weights, "vision_model.embeddings.position_embedding.weight", 2)
                        .get(0)
                - 1;
        return (int) Math.round(Math.sqrt((double) places)) * patch;
    }

    private static Map<String, @Nullable Object> part(
            Map<String, @Nullable Object> json, String key, WeightSource weights) {
        Map<String, @Nullable Object> part = json.get(key) instanceof Map<?, ?> map ? Json.object(map) : Map.of();
        part.forEach((name, value) -> {
            boolean off = value == null || Objects.equals(value, false) || value.equals("");
            if (!off
                    && !HARMLESS.contains(name)
                    && !EXPECTED.getOrDefault(name, List.of()).contains(value)) {
                throw other(weights, "its config has " + key + "." + name + " = " + Json.describe(value));
            }
        });
        return part;
    }

    private static int number(Map<String, @Nullable Object> part, String key, int fallback) {
        return part.get(key) instanceof Number number && number.intValue() > 0 ? number.intValue() : fallback;
    }

    private static int inner(WeightSource weights, String tower) {
        return shape(weights, tower + ".encoder.layers.0.mlp.fc1.weight", 2)
                .get(0)
                .intValue();
    }

    private static int count(WeightSource weights, Pattern pattern) {
        return (int) weights.tensors().keySet().stream()
                .filter(name -> pattern.matcher(name).matches())
                .count();
    }

    private static List<Long> shape(WeightSource weights, String name, int dimensions) {
        TensorInfo info = weights.tensors().get(name);
        if (info == null || info.shape().size() != dimensions) {
            throw other(weights, "it has no " + name + " of " + dimensions + " dimensions");
        }
        return info.shape();
    }

    private static Problem other(WeightSource weights, String why) {
        return Problem.failure(weights + " is not a CLIP with a vision transformer of OpenAI's build (" + why
                + "); ViT-B-32, ViT-B-16, ViT-L-14, ViT-H-14 and their like are");
    }
}
