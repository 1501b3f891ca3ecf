// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.clip;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.layer.Linear;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelClass;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.model.ModelRole;
import dev.diffusion4j.tensor.TensorScope;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The text half of a CLIP as a network of its own, which Stable Diffusion attends to: transformers' {@code CLIPTextModel}, and
 * {@code CLIPTextModelWithProjection}, which also maps the pooled state to the space of texts and pictures.
 */
public final class ClipTextModel extends Model {
    /** Without a projection; it cannot be trained from fresh weights. */
    public static final ModelFamily FAMILY = family("CLIPTextModel");

    /** With a projection; it cannot be trained from fresh weights. */
    public static final ModelFamily WITH_PROJECTION = family("CLIPTextModelWithProjection");

    private static final String TOWER = "text_model";
    private static final String PROJECTION = "text_projection";
    private static final int PROJECTION_DIM = 512; // as transformers where the config does not say

    private final ClipTextConfig config;
    private final ClipTextTower tower;
    private final @Nullable Linear projection;

    private static ModelFamily family(String className) {
        ModelClass modelClass = ModelClass.ofTransformers(className, ModelRole.TEXT_ENCODER);
        return new ModelFamily(modelClass, json -> fromConfig(modelClass, json), null);
    }

    private ClipTextModel(ModelClass modelClass, ClipTextConfig config, Map<String, @Nullable Object> keys) {
        super(modelClass, keys);
        this.config = config;
        tower = child(TOWER, new ClipTextTower(config));
        projection = modelClass.name().endsWith("WithProjection")
                ? child(PROJECTION, new Linear(config.hiddenSize(), projectionDim(keys), false))
                : null;
    }

    private static int projectionDim(Map<String, @Nullable Object> keys) {
        Object value = keys.getOrDefault("projection_dim", (long) PROJECTION_DIM);
        if (value instanceof Long number) {
            return Check.inRange(number.intValue(), 1, 1 << 16, "projection_dim");
        }
        throw new IllegalArgumentException("projection_dim must be a whole number, but was " + Json.describe(value));
    }

    private static ClipTextModel fromConfig(ModelClass modelClass, Map<String, @Nullable Object> json) {
        boolean whole = "clip".equals(json.get("model_type")) && json.get("text_config") instanceof Map<?, ?>;
        Map<String, @Nullable Object> own = Records.settings(whole ? Json.object(json.get("text_config")) : json);
        Check.that(
                !Boolean.TRUE.equals(own.get("use_attention_mask")),
                "use_attention_mask true, by which padding is not attended to, is not supported");
        Records.Bound<ClipTextConfig> bound =
                Records.bindKnown(ClipTextConfig.DEFAULT, own, modelClass.name() + " config");
        Map<String, @Nullable Object> keys = new LinkedHashMap<>(bound.unknown());
        keys.putAll(Records.toMap(bound.value()));
        keys.put("model_type", "clip_text_model");
        return new ClipTextModel(modelClass, bound.value(), keys);
    }

    /** {@link #forward(Tensor, ExtraTokens)} of the network's own tokens. */
    public ClipTextStates forward(Tensor ids) {
        return forward(ids, ExtraTokens.NONE);
    }

    /**
     * Differentiable with regard to the weights and the extra tokens' rows.
     *
     * @param ids {@code int64 (B, L)} of its tokenizer, on any device; L at most {@link ClipTextConfig#maxPositionEmbeddings}
     * @param extra tokens that it has no row for
     * @return new tensors owned by the current scope
     */
    public ClipTextStates forward(Tensor ids, ExtraTokens extra) {
        return TensorScope.keepAll(
                () -> {
                    List<Tensor> hidden = tower.hidden(ids, extra, tower.depth());
                    Tensor last = tower.normed(hidden.get(tower.depth()));
                    Tensor pooled = tower.pooled(ids, last);
                    Tensor projected = projection == null ? null : projection.forward(pooled);
                    return new ClipTextStates(hidden, last, pooled, projected);
                },
                ClipTextStates::tensors);
    }

    /** States of a block after the network's final norm, as SD 1 takes them where it skips blocks: (B, L, D), a new tensor. */
    public Tensor normed(Tensor states) {
        return tower.normed(states);
    }

    /**
     * Rows that begin as copies of those of its own tokens, to be learnt as rows of {@link ExtraTokens}.
     *
     * @param tokens numbers of its tokenizer
     * @return (n, D) in f32; the caller closes it
     */
    public LearntRows rowsFrom(List<Integer> tokens) {
        return TensorScope.compute(() -> new LearntRows(tower.rows(tokens)));
    }

    /** The config as a record. */
    public ClipTextConfig typedConfig() {
        return config;
    }

    /** Files of transformers 5 have the tower's weights without {@code text_model.}; files of its 4 are what is written. */
    @Override
    public String weightName(String fileName) {
        return fileName.startsWith(TOWER + ".") || fileName.startsWith(PROJECTION + ".")
                ? fileName
                : TOWER + "." + fileName;
    }

    /** Position numbers, which older files hold, and the other half of a whole CLIP. */
    @Override
    public boolean isIgnored(String fileName) {
        return fileName.endsWith("position_ids")
                || fileName.startsWith("vision_model.")
                || fileName.startsWith("visual_projection.")
                || fileName.equals("logit_scale")
                || projection == null && fileName.startsWith(PROJECTION + ".");
    }
}
