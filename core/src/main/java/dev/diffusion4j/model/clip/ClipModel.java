// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.clip;

import static org.bytedeco.pytorch.global.torch.linear;

import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.layer.Init;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelClass;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.model.ModelRole;
import dev.diffusion4j.tensor.Placement;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/** Embeds texts and pictures in one space, where what belongs together lies close: Radford et al. (2021). */
public final class ClipModel extends Model {
    /** How files name it, how it is made, and how its config follows the data. */
    public static final ModelFamily FAMILY = new ModelFamily(
            ModelClass.ofTransformers("CLIPModel", ModelRole.JUDGE), ClipModel::fromConfig, new ClipFit());

    /** The largest factor on similarities: section 2.5 of the paper. */
    private static final double MOST_SCALE = 100;

    private static final String TYPE = "clip";
    private static final String TEXT = "text_config";
    private static final String VISION = "vision_config";
    private static final long[] FEATURES = {1};

    private final ClipConfig config;
    private final Tensor logitScale;
    private final ClipTextTower text;
    private final ClipVisionTower vision;
    private final Tensor visualProjection;
    private final Tensor textProjection;

    /** A network without content. */
    public ClipModel(ClipConfig config) {
        this(config, Map.of());
    }

    private ClipModel(ClipConfig config, Map<String, @Nullable Object> unread) {
        super(FAMILY.modelClass(), allKeys(config, unread));
        this.config = config;
        logitScale = parameter("logit_scale");
        visualProjection = parameter(
                "visual_projection.weight",
                config.projectionDim(),
                config.visionConfig().hiddenSize());
        textProjection = parameter(
                "text_projection.weight",
                config.projectionDim(),
                config.textConfig().hiddenSize());
        text = child("text_model", new ClipTextTower(config.textConfig()));
        vision = child("vision_model", new ClipVisionTower(config.visionConfig()));
    }

    private static Map<String, @Nullable Object> allKeys(ClipConfig config, Map<String, @Nullable Object> unread) {
        Map<String, @Nullable Object> all = new LinkedHashMap<>(unread);
        Records.toMap(config).forEach((key, value) -> {
            boolean isGroup = value instanceof Map<?, ?> && unread.get(key) instanceof Map<?, ?>;
            all.put(key, isGroup ? joined(unread.get(key), value) : value);
        });
        all.put("model_type", TYPE);
        return all;
    }

    private static Map<String, @Nullable Object> joined(@Nullable Object unread, Object own) {
        Map<String, @Nullable Object> all = new LinkedHashMap<>(Json.object(unread));
        all.putAll(Json.object(own));
        return all;
    }

    /** From transformers' {@code config.json}; keys that do not matter to the numbers are kept for {@link #config()}. */
    public static ClipModel fromConfig(Map<String, @Nullable Object> json) {
        Map<String, @Nullable Object> own = Records.settings(json);
        Records.Bound<ClipTextConfig> text = part(own, TEXT, ClipTextConfig.DEFAULT);
        Records.Bound<ClipVisionConfig> vision = part(own, VISION, ClipVisionConfig.DEFAULT);
        own.keySet().removeAll(List.of(TEXT, VISION));
        Records.Bound<ClipConfig> whole = Records.bindKnown(ClipConfig.DEFAULT, own, "CLIP config");
        ClipConfig config = new ClipConfig(
                text.value(),
                vision.value(),
                whole.value().projectionDim(),
                whole.value().logitScaleInitValue(),
                whole.value().initializerFactor());
        Map<String, @Nullable Object> unread = new LinkedHashMap<>(whole.unknown());
        unread.put(TEXT, text.unknown());
        unread.put(VISION, vision.unknown());
        return new ClipModel(config, unread);
    }

    private static <R extends Record> Records.Bound<R> part(
            Map<String, @Nullable Object> json, String key, R defaults) {
        Map<String, Object> part = new LinkedHashMap<>();
        if (json.get(key) instanceof Map<?, ?> map) {
            map.forEach((name, value) -> {
                if (value != null) {
                    part.put(String.valueOf(name), value);
                }
            });
        }
        return Records.bindKnown(defaults, part, "CLIP " + key);
    }

    /**
     * @param ids {@code int64 (B, L)}, of a {@link dev.diffusion4j.text.ClipTokenizer}
     * @return (B, projectionDim), not normalised, a new tensor
     */
    public Tensor embedTexts(Tensor ids) {
        return TensorScope.keepResult(() -> linear(text.pooled(ids, text.states(ids)), textProjection));
    }

    /**
     * @param pixels (B, 3, imageSize, imageSize), normalised as CLIP expects it
     * @return (B, projectionDim), not normalised, a new tensor
     */
    public Tensor embedImages(Tensor pixels) {
        return TensorScope.keepResult(() -> linear(vision.pooled(pixels), visualProjection));
    }

    /**
     * How like each text is to each picture: the cosine, times the factor that is learnt.
     *
     * @param texts (T, projectionDim) of {@link #embedTexts}
     * @param pictures (P, projectionDim) of {@link #embedImages}
     * @return {@code float32 (T, P)}, a new tensor
     */
    public Tensor similarities(Tensor texts, Tensor pictures) {
        return TensorScope.keepResult(() -> Placement.withoutAutocast(
                () -> unit(texts).mm(unit(pictures).t()).mul(widened(logitScale).exp())));
    }

    private static Tensor unit(Tensor features) {
        Tensor full = features.to(ScalarType.Float);
        return full.div(
                full.square().sum(FEATURES, true, new ScalarTypeOptional()).sqrt());
    }

    /** Brings the factor on similarities back to 100 where it has become larger; after an update. */
    public void limitScale() {
        try (NoGradGuard guard = new NoGradGuard();
                Scalar most = new Scalar(Math.log(MOST_SCALE))) {
            TensorScope.run(() -> logitScale.clamp_max_(most));
        }
    }

    /** The factor on similarities, exp of what is learnt. */
    public double logitScale() {
        return Math.exp(TensorScope.compute(logitScale::item_double));
    }

    /** The text tower alone; borrowed. */
    public ClipTextTower textTower() {
        return text;
    }

    /** The config as a record. */
    public ClipConfig typedConfig() {
        return config;
    }

    @Override
    protected void initializeOwn(RandomStream random) {
        Init.fill(logitScale, config.logitScaleInitValue());
        random.normal(visualProjection, 0, config.initializerFactor() / Math.sqrt(visualProjection.size(1)));
        random.normal(textProjection, 0, config.initializerFactor() / Math.sqrt(textProjection.size(1)));
    }

    /** Position numbers, which older files hold, are no weights. */
    @Override
    public boolean isIgnored(String fileName) {
        return fileName.endsWith(".position_ids");
    }
}
