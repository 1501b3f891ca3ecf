// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.model.autoencoder.AutoencoderKl;
import dev.diffusion4j.model.autoencoder.AutoencoderTiny;
import dev.diffusion4j.model.basicunet.BasicUnet;
import dev.diffusion4j.model.classconditioned.ClassConditionedUnet;
import dev.diffusion4j.model.classifier.ConvClassifier;
import dev.diffusion4j.model.clip.ClipModel;
import dev.diffusion4j.model.clip.ClipTextModel;
import dev.diffusion4j.model.controlnet.ControlNetModel;
import dev.diffusion4j.model.crossattn.CrossAttentionUnet;
import dev.diffusion4j.model.inception.InceptionV3;
import dev.diffusion4j.model.patched.PatchedUnet;
import dev.diffusion4j.model.resunet.ResidualUnet;
import dev.diffusion4j.model.unet2d.UNet2DModel;
import dev.diffusion4j.model.unet2dcondition.UNet2DConditionModel;
import dev.diffusion4j.model.unetlab.LabUnet;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The families of this library, a line each; the keys are the class names in {@code model_index.json}. */
public enum ModelKind implements Keyed {
    UNET_2D(UNet2DModel.FAMILY),
    UNET_2D_CONDITION(UNet2DConditionModel.FAMILY),
    CLASS_CONDITIONED_UNET(ClassConditionedUnet.FAMILY),
    LAB_UNET(LabUnet.FAMILY),
    CROSS_ATTENTION_UNET(CrossAttentionUnet.FAMILY),
    RESIDUAL_UNET(ResidualUnet.FAMILY),
    BASIC_UNET(BasicUnet.FAMILY),
    PATCHED_UNET(PatchedUnet.FAMILY),
    AUTOENCODER_KL(AutoencoderKl.FAMILY),
    AUTOENCODER_TINY(AutoencoderTiny.FAMILY),
    CONTROL_NET(ControlNetModel.FAMILY),
    CLIP(ClipModel.FAMILY),
    CLIP_TEXT(ClipTextModel.FAMILY),
    CLIP_TEXT_WITH_PROJECTION(ClipTextModel.WITH_PROJECTION),
    INCEPTION_V3(InceptionV3.FAMILY),
    CONV_CLASSIFIER(ConvClassifier.FAMILY);

    private final ModelFamily family;

    ModelKind(ModelFamily family) {
        this.family = family;
    }

    @Override
    public String key() {
        return family.name();
    }

    /** All that there is to know of it. */
    public ModelFamily family() {
        return family;
    }

    /** A network without content, as {@link ModelFamily#create}. */
    public Model create(Map<String, ? extends @Nullable Object> config) {
        return family.create(config);
    }
}
