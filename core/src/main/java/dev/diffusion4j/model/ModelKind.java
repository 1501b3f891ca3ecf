// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.base.Nearest;
import dev.diffusion4j.base.UserError;
import dev.diffusion4j.model.basicunet.BasicUnet;
import dev.diffusion4j.model.classconditioned.ClassConditionedUnet;
import dev.diffusion4j.model.classifier.ConvClassifier;
import dev.diffusion4j.model.clip.ClipModel;
import dev.diffusion4j.model.crossattn.CrossAttentionUnet;
import dev.diffusion4j.model.inception.InceptionV3;
import dev.diffusion4j.model.patched.PatchedUnet;
import dev.diffusion4j.model.resunet.ResidualUnet;
import dev.diffusion4j.model.unet2d.UNet2DModel;
import dev.diffusion4j.model.unetlab.LabUnet;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** All families of networks; the keys are the class names in {@code model_index.json}. */
public enum ModelKind implements Keyed {
    UNET_2D("UNet2DModel", "diffusers", UNet2DModel::fromConfig),
    CLASS_CONDITIONED_UNET("ClassConditionedUnet", "diffusion4j", ClassConditionedUnet::fromConfig),
    LAB_UNET("LabUnet", "diffusion4j", LabUnet::fromConfig),
    CROSS_ATTENTION_UNET("CrossAttentionUnet", "diffusion4j", CrossAttentionUnet::fromConfig),
    RESIDUAL_UNET("ResidualUnet", "diffusion4j", ResidualUnet::fromConfig),
    BASIC_UNET("BasicUnet", "diffusion4j", BasicUnet::fromConfig),
    PATCHED_UNET("PatchedUnet", "diffusion4j", PatchedUnet::fromConfig),
    CLIP("CLIPModel", "transformers", ClipModel::fromConfig),
    INCEPTION_V3("InceptionV3", "diffusion4j", InceptionV3::fromConfig),
    CONV_CLASSIFIER("ConvClassifier", "diffusion4j", ConvClassifier::fromConfig);

    private final String key;
    private final String library;
    private final Function<Map<String, @Nullable Object>, Model> factory;

    ModelKind(String key, String library, Function<Map<String, @Nullable Object>, Model> factory) {
        this.key = key;
        this.library = library;
        this.factory = factory;
    }

    @Override
    public String key() {
        return key;
    }

    /** {@code diffusers} or {@code transformers} where Python can load it, else {@code diffusion4j}. */
    public String library() {
        return library;
    }

    /**
     * A network without content.
     *
     * @param config of {@code config.json}; keys that begin with an underscore are ignored
     * @throws IllegalArgumentException where a value is not allowed
     */
    public Model create(Map<String, @Nullable Object> config) {
        return factory.apply(config);
    }

    /** Whether its networks are {@link DiffusionModel}s. */
    public boolean drawsPictures() {
        return this != CONV_CLASSIFIER && this != CLIP && this != INCEPTION_V3;
    }

    /** The family of that class name, where there is one. */
    public static Optional<ModelKind> find(String className) {
        return Arrays.stream(values())
                .filter(kind -> kind.key.equals(className))
                .findFirst();
    }

    /** The family of that class name; {@link UserError} (exit code 1) naming the known ones where there is none. */
    public static ModelKind named(String className, String where) {
        List<String> names = Arrays.stream(values()).map(ModelKind::key).toList();
        return find(className)
                .orElseThrow(() -> UserError.failure(
                        where + " holds a network of the class '" + className + "'" + Nearest.hint(className, names)
                                + ", which is not supported; supported are " + String.join(", ", names)));
    }
}
