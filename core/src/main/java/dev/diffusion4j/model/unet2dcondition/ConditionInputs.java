// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.unet2dcondition;

import static org.bytedeco.pytorch.global.torch.cat;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.layer.Activation;
import dev.diffusion4j.layer.AttentionInput;
import dev.diffusion4j.layer.BlockInput;
import dev.diffusion4j.layer.Embedding;
import dev.diffusion4j.layer.Layer;
import dev.diffusion4j.layer.Linear;
import dev.diffusion4j.layer.SinusoidalProjection;
import dev.diffusion4j.layer.TimestepEmbedding;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.unet2dcondition.UNet2DConditionConfig.AdditionEmbedType;
import dev.diffusion4j.model.unet2dcondition.UNet2DConditionConfig.ClassEmbedType;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/** From the time and a {@link Conditioning} to what each block is given. Tensors that methods make belong to the current scope. */
final class ConditionInputs extends Layer {
    private final UNet2DConditionConfig config;
    private final SinusoidalProjection timeProjection;
    private final TimestepEmbedding timeEmbedding;
    private final @Nullable Linear hiddenProjection;
    private final @Nullable Embedding classTable;
    private final @Nullable TimestepEmbedding classEmbedding;
    private final @Nullable Linear classProjection;
    private final @Nullable TextPooling textPooling;
    private final @Nullable SinusoidalProjection addedProjection;
    private final @Nullable TimestepEmbedding addedEmbedding;

    ConditionInputs(UNet2DConditionConfig config) {
        this.config = config;
        int first = config.width(0);
        int time = config.timeFeatures();
        timeProjection = child("time_proj", sinusoids(first));
        timeEmbedding = child(
                "time_embedding",
                new TimestepEmbedding(first, time, config.actFn(), config.timestepPostAct(), config.timeCondProjDim()));
        Integer hidden = config.encoderHidDim();
        hiddenProjection = hidden == null ? null : child("encoder_hid_proj", new Linear(hidden, contextFeatures()));
        ClassEmbedType type = config.classEmbedType();
        Integer classes = config.numClassEmbeds();
        classTable = type == null && classes != null ? child("class_embedding", new Embedding(classes, time)) : null;
        classEmbedding = classEmbedding(type, first, time);
        classProjection = type == ClassEmbedType.SIMPLE_PROJECTION
                ? child("class_embedding", new Linear(vectorFeatures(), time))
                : null;
        AdditionEmbedType added = config.additionEmbedType();
        textPooling = added == AdditionEmbedType.TEXT
                ? child(
                        "add_embedding",
                        new TextPooling(
                                hidden == null ? contextFeatures() : hidden, time, config.additionEmbedTypeNumHeads()))
                : null;
        boolean sizes = added == AdditionEmbedType.TEXT_TIME;
        addedProjection = sizes
                ? child(
                        "add_time_proj",
                        sinusoids(Check.given(config.additionTimeEmbedDim(), "addition_time_embed_dim")))
                : null;
        addedEmbedding = sizes ? child("add_embedding", new TimestepEmbedding(vectorFeatures(), time)) : null;
    }

    private SinusoidalProjection sinusoids(int features) {
        return new SinusoidalProjection(features, config.flipSinToCos(), config.freqShift());
    }

    private @Nullable TimestepEmbedding classEmbedding(@Nullable ClassEmbedType type, int first, int time) {
        if (type == ClassEmbedType.TIMESTEP) {
            return child("class_embedding", new TimestepEmbedding(first, time, config.actFn(), null, null));
        }
        return type == ClassEmbedType.PROJECTION
                ? child("class_embedding", new TimestepEmbedding(vectorFeatures(), time))
                : null;
    }

    private int contextFeatures() {
        return config.crossAttentionDim().only("cross_attention_dim");
    }

    private int vectorFeatures() {
        return Check.given(config.projectionClassEmbeddingsInputDim(), "projection_class_embeddings_input_dim");
    }

    /**
     * @param batch B
     * @param type the network's dtype
     */
    BlockInput read(Tensor timestep, Conditioning conditioning, long batch, ScalarType type) {
        Tensor states = states(conditioning, type);
        Tensor sum = timeEmbedding.forward(
                timeProjection.forward(timestep).to(type), given(conditioning, Conditioning.TIMESTEP_COND, type));
        Tensor ofClass = embedClass(conditioning.classLabels(), type);
        if (ofClass != null && config.classEmbeddingsConcat()) {
            sum = cat(new TensorVector(sum.expand(batch, sum.size(1)), ofClass), -1);
        } else if (ofClass != null) {
            sum = sum.add(ofClass);
        }
        Tensor added = added(conditioning, states, type);
        if (added != null) {
            sum = sum.add(added);
        }
        Activation once = config.timeEmbeddingActFn();
        if (once != null) {
            sum = once.apply(sum);
        }
        return new BlockInput(config.actFn().applyToTemporary(sum), attention(states, conditioning));
    }

    private static @Nullable Tensor given(Conditioning conditioning, String name, ScalarType type) {
        Tensor tensor = conditioning.get(name);
        return tensor == null ? null : tensor.to(type);
    }

    private @Nullable Tensor states(Conditioning conditioning, ScalarType type) {
        Tensor states = given(conditioning, Conditioning.ENCODER_HIDDEN_STATES, type);
        if (states == null && config.asksPrompt()) {
            throw Problem.request("this network draws what a text describes: give {prompt}");
        }
        return states;
    }

    /** (B, timeFeatures), or {@code null} for a network without classes. */
    private @Nullable Tensor embedClass(@Nullable Tensor labels, ScalarType type) {
        boolean required = classTable != null || config.classEmbedType() != null;
        if (required != (labels != null)) {
            throw Problem.request(
                    required
                            ? "this network draws a class: give {class}"
                            : "this network was not trained on classes: omit {class}");
        }
        if (labels == null) {
            return null;
        }
        if (classTable != null) {
            return classTable.forward(labels);
        }
        if (config.classEmbedType() == ClassEmbedType.TIMESTEP) {
            Tensor features =
                    timeProjection.forward(labels.to(ScalarType.Float)).to(type);
            return Check.given(classEmbedding, "class_embedding").forward(features);
        }
        Tensor vector = labels.to(type);
        if (classProjection != null) {
            return classProjection.forward(vector);
        }
        return classEmbedding == null ? vector : classEmbedding.forward(vector);
    }

    /** (B, timeFeatures), or {@code null} for a network to which nothing is added besides a class. */
    private @Nullable Tensor added(Conditioning conditioning, @Nullable Tensor states, ScalarType type) {
        if (textPooling != null) {
            return textPooling.forward(Check.given(states, Conditioning.ENCODER_HIDDEN_STATES));
        }
        if (addedEmbedding == null || addedProjection == null) {
            return null;
        }
        Tensor text = Check.given(conditioning.get(Conditioning.TEXT_EMBEDS), Conditioning.TEXT_EMBEDS)
                .to(type);
        Tensor ids = Check.given(conditioning.get(Conditioning.TIME_IDS), Conditioning.TIME_IDS);
        Tensor sizes = addedProjection.forward(ids.flatten()).view(text.size(0), -1);
        Check.that(
                text.size(1) + sizes.size(1) == vectorFeatures(),
                "this network adds " + vectorFeatures() + " numbers to the time, but was given " + text.size(1)
                        + " of a text and " + sizes.size(1) + " of sizes");
        return addedEmbedding.forward(cat(new TensorVector(text, sizes.to(type)), -1));
    }

    /** The prompt that transformers ask. */
    private AttentionInput attention(@Nullable Tensor states, Conditioning conditioning) {
        if (states == null) {
            return AttentionInput.SELF;
        }
        Tensor context = hiddenProjection == null ? states : hiddenProjection.forward(states);
        Tensor mask = conditioning.get(Conditioning.ENCODER_ATTENTION_MASK);
        return AttentionInput.of(context).withMask(mask == null ? null : seen(mask));
    }

    /** {@code bool (B, L)}; where nothing may be seen, everything is, as with diffusers' −10000 for each masked score. */
    private static Tensor seen(Tensor mask) {
        Tensor kept = mask.to(ScalarType.Bool);
        return kept.logical_or(kept.any(1, true).logical_not());
    }
}
