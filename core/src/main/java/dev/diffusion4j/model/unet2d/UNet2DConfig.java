// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.unet2d;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.layer.Activation;
import dev.diffusion4j.model.ConfigDraft;
import dev.diffusion4j.model.SampleSize;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The config of a {@link UNet2DModel}: diffusers' keys and defaults. A {@code null} means what {@code null} means there.
 *
 * @param sampleSize height and width of a sample
 * @param timeEmbeddingDim features of the time embedding; {@code null} for 4 × the first width
 * @param freqShift of the sinusoids
 * @param flipSinToCos cosines first
 * @param midBlockType {@code UNetMidBlock2D}, or {@code null} for none
 * @param blockOutChannels a width for each level
 * @param downsamplePadding 0 pads right and bottom only
 * @param downsampleType of attention blocks: {@code conv}, {@code resnet}; another word for none
 * @param attentionHeadDim channels of a head; {@code null} for one head
 * @param attnNormNumGroups of the middle attention; {@code null} for {@code normNumGroups}, or no norm with scale_shift
 * @param resnetTimeScaleShift {@code default} (added) or {@code scale_shift}
 * @param classEmbedType {@code null} (a table where {@code numClassEmbeds} is given), {@code timestep} or {@code identity}
 * @param numTrainTimesteps rows of a learned time table
 */
public record UNet2DConfig(
        @Nullable SampleSize sampleSize,
        int inChannels,
        int outChannels,
        boolean centerInputSample,
        TimeEmbeddingType timeEmbeddingType,
        @Nullable Integer timeEmbeddingDim,
        double freqShift,
        boolean flipSinToCos,
        List<DownBlockType> downBlockTypes,
        @Nullable String midBlockType,
        List<UpBlockType> upBlockTypes,
        List<Integer> blockOutChannels,
        int layersPerBlock,
        double midBlockScaleFactor,
        int downsamplePadding,
        String downsampleType,
        String upsampleType,
        double dropout,
        Activation actFn,
        @Nullable Integer attentionHeadDim,
        @Nullable Integer normNumGroups,
        @Nullable Integer attnNormNumGroups,
        double normEps,
        String resnetTimeScaleShift,
        boolean addAttention,
        @Nullable String classEmbedType,
        @Nullable Integer numClassEmbeds,
        @Nullable Integer numTrainTimesteps) {

    /** diffusers' defaults; the only place where they are written down. */
    public static final UNet2DConfig DEFAULT = new UNet2DConfig(
            null,
            3,
            3,
            false,
            TimeEmbeddingType.POSITIONAL,
            null,
            0,
            true,
            List.of(DownBlockType.DOWN, DownBlockType.ATTENTION, DownBlockType.ATTENTION, DownBlockType.ATTENTION),
            "UNetMidBlock2D",
            List.of(UpBlockType.ATTENTION, UpBlockType.ATTENTION, UpBlockType.ATTENTION, UpBlockType.UP),
            List.of(224, 448, 672, 896),
            2,
            1,
            1,
            "conv",
            "conv",
            0,
            Activation.SILU,
            8,
            32,
            null,
            1e-5,
            "default",
            true,
            null,
            null,
            null);

    /** The keys are those of {@code time_embedding_type}. */
    public enum TimeEmbeddingType implements Keyed {
        POSITIONAL("positional"),
        FOURIER("fourier"),
        LEARNED("learned");

        private final String key;

        TimeEmbeddingType(String key) {
            this.key = key;
        }

        @Override
        public String key() {
            return key;
        }
    }

    /** The keys are those of {@code down_block_types}. */
    public enum DownBlockType implements Keyed {
        DOWN("DownBlock2D"),
        ATTENTION("AttnDownBlock2D"),
        RESNET("ResnetDownsampleBlock2D"),
        SKIP("SkipDownBlock2D"),
        ATTENTION_SKIP("AttnSkipDownBlock2D");

        private final String key;

        DownBlockType(String key) {
            this.key = key;
        }

        @Override
        public String key() {
            return key;
        }

        boolean isSkip() {
            return this == SKIP || this == ATTENTION_SKIP;
        }
    }

    /** The keys are those of {@code up_block_types}. */
    public enum UpBlockType implements Keyed {
        UP("UpBlock2D"),
        ATTENTION("AttnUpBlock2D"),
        RESNET("ResnetUpsampleBlock2D"),
        SKIP("SkipUpBlock2D"),
        ATTENTION_SKIP("AttnSkipUpBlock2D");

        private final String key;

        UpBlockType(String key) {
            this.key = key;
        }

        @Override
        public String key() {
            return key;
        }

        boolean isSkip() {
            return this == SKIP || this == ATTENTION_SKIP;
        }
    }

    public UNet2DConfig {
        downBlockTypes = List.copyOf(downBlockTypes);
        upBlockTypes = List.copyOf(upBlockTypes);
        blockOutChannels = List.copyOf(blockOutChannels);
        Check.inRange(inChannels, 1, 1 << 16, "in_channels");
        Check.inRange(outChannels, 1, 1 << 16, "out_channels");
        Check.inRange(layersPerBlock, 1, 1000, "layers_per_block");
        Check.inRange(downsamplePadding, 0, 1, "downsample_padding");
        Check.inRange(dropout, 0, 1, "dropout");
        Check.positive(normEps, "norm_eps");
        Check.positive(midBlockScaleFactor, "mid_block_scale_factor");
        Check.that(
                !blockOutChannels.isEmpty() && blockOutChannels.size() <= 16,
                "block_out_channels must have 1 to 16 widths");
        blockOutChannels.forEach(width -> Check.inRange(width, 1, 1 << 16, "block_out_channels"));
        Check.that(
                downBlockTypes.size() == blockOutChannels.size() && upBlockTypes.size() == blockOutChannels.size(),
                "down_block_types (" + downBlockTypes.size() + "), up_block_types (" + upBlockTypes.size()
                        + ") and block_out_channels (" + blockOutChannels.size() + ") must have the same length");
        Check.that(
                midBlockType == null || midBlockType.equals("UNetMidBlock2D"),
                "mid_block_type must be UNetMidBlock2D or null, but was '" + midBlockType + "'");
        Check.that(
                resnetTimeScaleShift.equals("default") || resnetTimeScaleShift.equals("scale_shift"),
                "resnet_time_scale_shift must be default or scale_shift, but was '" + resnetTimeScaleShift + "'");
        Check.that(
                classEmbedType == null || classEmbedType.equals("timestep") || classEmbedType.equals("identity"),
                "class_embed_type must be null, timestep or identity, but was '" + classEmbedType + "'");
        Check.that(
                timeEmbeddingType != TimeEmbeddingType.LEARNED || numTrainTimesteps != null,
                "time_embedding_type learned needs num_train_timesteps");
        positive(timeEmbeddingDim, "time_embedding_dim");
        positive(attentionHeadDim, "attention_head_dim");
        positive(normNumGroups, "norm_num_groups");
        positive(attnNormNumGroups, "attn_norm_num_groups");
        positive(numClassEmbeds, "num_class_embeds");
        positive(numTrainTimesteps, "num_train_timesteps");
    }

    private static void positive(@Nullable Integer value, String name) {
        if (value != null) {
            Check.positive(value, name);
        }
    }

    /** Features of the time embedding. */
    int timeFeatures() {
        return timeEmbeddingDim != null ? timeEmbeddingDim : 4 * blockOutChannels.get(0);
    }

    /** Channels of an attention head where the level has {@code channels}. */
    int headSize(int channels) {
        return attentionHeadDim != null ? attentionHeadDim : channels;
    }

    boolean scaleShift() {
        return resnetTimeScaleShift.equals("scale_shift");
    }

    /** Height and width of a sample must be multiples of this. */
    public int sizeMultiple() {
        return 1 << (blockOutChannels.size() - 1);
    }

    /** The size, the channels in and out, and the classes where the network is given them. */
    public static void fit(ConfigDraft draft) {
        draft.fillShape().fill("out_channels", (long) draft.target().channels());
        if (draft.target().classConditional() || draft.get("num_class_embeds") != null) {
            draft.fillClasses("num_class_embeds");
        }
    }
}
