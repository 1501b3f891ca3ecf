// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.controlnet;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.layer.Activation;
import dev.diffusion4j.model.unet2dcondition.LevelFlags;
import dev.diffusion4j.model.unet2dcondition.LevelNumbers;
import dev.diffusion4j.model.unet2dcondition.UNet2DConditionConfig;
import dev.diffusion4j.model.unet2dcondition.UNet2DConditionConfig.AdditionEmbedType;
import dev.diffusion4j.model.unet2dcondition.UNet2DConditionConfig.ClassEmbedType;
import dev.diffusion4j.model.unet2dcondition.UNet2DConditionConfig.DownBlockType;
import dev.diffusion4j.model.unet2dcondition.UNet2DConditionConfig.EncoderHidDimType;
import dev.diffusion4j.model.unet2dcondition.UNet2DConditionConfig.MidBlockType;
import dev.diffusion4j.model.unet2dcondition.UNet2DConditionConfig.TimeScaleShift;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The config of a {@link ControlNetModel}: diffusers' keys and defaults. What is not described here means what it means in
 * {@link UNet2DConditionConfig}.
 *
 * @param conditioningChannels of the control picture
 * @param numAttentionHeads {@code null} for {@code attentionHeadDim}, which in old files is the number of heads
 * @param controlnetConditioningChannelOrder of the control picture's colours
 * @param conditioningEmbeddingOutChannels widths of the convolutions that make the control picture as small as a sample; each but the last
 *     halves it
 * @param globalPoolConditions whether its features are averaged over all places: it then counts for the prompt's prediction alone
 */
public record ControlNetConfig(
        int inChannels,
        int conditioningChannels,
        boolean flipSinToCos,
        double freqShift,
        List<DownBlockType> downBlockTypes,
        MidBlockType midBlockType,
        LevelFlags onlyCrossAttention,
        List<Integer> blockOutChannels,
        int layersPerBlock,
        int downsamplePadding,
        double midBlockScaleFactor,
        Activation actFn,
        int normNumGroups,
        double normEps,
        int crossAttentionDim,
        LevelNumbers transformerLayersPerBlock,
        @Nullable Integer encoderHidDim,
        @Nullable EncoderHidDimType encoderHidDimType,
        LevelNumbers attentionHeadDim,
        @Nullable LevelNumbers numAttentionHeads,
        boolean useLinearProjection,
        @Nullable ClassEmbedType classEmbedType,
        @Nullable AdditionEmbedType additionEmbedType,
        @Nullable Integer additionTimeEmbedDim,
        @Nullable Integer numClassEmbeds,
        boolean upcastAttention,
        TimeScaleShift resnetTimeScaleShift,
        @Nullable Integer projectionClassEmbeddingsInputDim,
        ChannelOrder controlnetConditioningChannelOrder,
        List<Integer> conditioningEmbeddingOutChannels,
        boolean globalPoolConditions,
        int additionEmbedTypeNumHeads) {

    private static final int MAX_WIDTH = 1 << 16;
    private static final UNet2DConditionConfig BASE = UNet2DConditionConfig.DEFAULT;

    /** The keys that a U-Net does not have. */
    private static final Set<String> OWN = Set.of(
            "conditioning_channels",
            "num_attention_heads",
            "controlnet_conditioning_channel_order",
            "conditioning_embedding_out_channels",
            "global_pool_conditions");

    /** diffusers' defaults: those of the U-Net, and its own. */
    public static final ControlNetConfig DEFAULT = new ControlNetConfig(
            BASE.inChannels(),
            3,
            BASE.flipSinToCos(),
            BASE.freqShift(),
            BASE.downBlockTypes(),
            MidBlockType.CROSS_ATTENTION,
            BASE.onlyCrossAttention(),
            BASE.blockOutChannels(),
            BASE.layersPerBlock().at(0),
            BASE.downsamplePadding(),
            BASE.midBlockScaleFactor(),
            BASE.actFn(),
            BASE.normNumGroups(),
            BASE.normEps(),
            BASE.crossAttentionDim().at(0),
            BASE.transformerLayersPerBlock(),
            null,
            null,
            BASE.attentionHeadDim(),
            null,
            BASE.useLinearProjection(),
            null,
            null,
            null,
            null,
            BASE.upcastAttention(),
            BASE.resnetTimeScaleShift(),
            null,
            ChannelOrder.RGB,
            List.of(16, 32, 96, 256),
            false,
            BASE.additionEmbedTypeNumHeads());

    /** The keys are those of {@code controlnet_conditioning_channel_order}. */
    public enum ChannelOrder implements Keyed {
        RGB,
        BGR;

        @Override
        public String key() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public ControlNetConfig {
        downBlockTypes = List.copyOf(downBlockTypes);
        blockOutChannels = List.copyOf(blockOutChannels);
        conditioningEmbeddingOutChannels = List.copyOf(conditioningEmbeddingOutChannels);
        Check.inRange(conditioningChannels, 1, MAX_WIDTH, "conditioning_channels");
        Check.inRange(layersPerBlock, 1, MAX_WIDTH, "layers_per_block");
        Check.that(
                !conditioningEmbeddingOutChannels.isEmpty() && conditioningEmbeddingOutChannels.size() <= 16,
                "conditioning_embedding_out_channels must have 1 to 16 widths");
        conditioningEmbeddingOutChannels.forEach(
                width -> Check.inRange(width, 1, MAX_WIDTH, "conditioning_embedding_out_channels"));
        Check.that(
                classEmbedType != ClassEmbedType.SIMPLE_PROJECTION,
                "class_embed_type simple_projection is not supported in a control network");
    }

    /** The U-Net whose way down and middle it has. */
    UNet2DConditionConfig unet() {
        Map<String, @Nullable Object> keys = Records.toMap(this);
        if (numAttentionHeads != null) {
            keys.put("attention_head_dim", keys.get("num_attention_heads"));
        }
        keys.keySet().removeAll(OWN);
        keys.put("up_block_types", Collections.nCopies(downBlockTypes.size(), "UpBlock2D"));
        return Records.bind(BASE, keys, "ControlNetModel config");
    }
}
