// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.unet2dcondition;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.layer.Activation;
import dev.diffusion4j.model.SampleSize;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The config of a {@link UNet2DConditionModel}: diffusers' keys and defaults. A {@code null} means what {@code null} means there. Keys that
 * have one supported value only are in {@link FixedKeys}.
 *
 * @param sampleSize height and width of a sample
 * @param inChannels of the sample and of what is joined to it: 9 for inpainting, 8 for editing by instructions
 * @param flipSinToCos cosines first
 * @param freqShift of the sinusoids
 * @param midBlockType {@code null} for none
 * @param onlyCrossAttention whether a level's transformers ask the prompt twice and their pixels never each other
 * @param blockOutChannels a width for each level
 * @param layersPerBlock residual blocks on the way down; one more on the way up
 * @param downsamplePadding 0 pads right and bottom only
 * @param midBlockScaleFactor what the sums of the middle's residual blocks are divided by
 * @param crossAttentionDim features of a prompt's token
 * @param transformerLayersPerBlock blocks of each transformer
 * @param reverseTransformerLayersPerBlock the same on the way up, from the bottom; {@code null} for those of the way down
 * @param encoderHidDim features of a prompt's token before they are mapped to {@code crossAttentionDim}
 * @param encoderHidDimType {@code null} for {@code text_proj} where {@code encoderHidDim} is given
 * @param attentionHeadDim the <em>number</em> of heads: diffusers named it wrongly and keeps the name for the sake of old files
 * @param useLinearProjection see {@link dev.diffusion4j.layer.block.Transformer2D.Spec}
 * @param classEmbedType {@code null} for a table where {@code numClassEmbeds} is given
 * @param additionEmbedType what is added to the time besides a class
 * @param additionTimeEmbedDim features of each number of {@code time_ids}
 * @param upcastAttention read, and true in any case: scores and their softmax are f32
 * @param resnetTimeScaleShift {@code default} (added) or {@code scale_shift}
 * @param timeEmbeddingDim features of the time embedding; {@code null} for 4 × the first width
 * @param timeEmbeddingActFn applied once to the sum of all embeddings
 * @param timestepPostAct after both maps of the time embedding
 * @param timeCondProjDim features of {@code timestep_cond}, the embedding of a guidance scale
 * @param projectionClassEmbeddingsInputDim features of a class's vector, or of {@code text_embeds} with {@code time_ids}
 * @param classEmbeddingsConcat whether a class is joined to the time's features instead of being added
 * @param additionEmbedTypeNumHeads of the pooling attention of {@code text}
 */
public record UNet2DConditionConfig(
        @Nullable SampleSize sampleSize,
        int inChannels,
        int outChannels,
        boolean centerInputSample,
        boolean flipSinToCos,
        double freqShift,
        List<DownBlockType> downBlockTypes,
        @Nullable MidBlockType midBlockType,
        List<UpBlockType> upBlockTypes,
        LevelFlags onlyCrossAttention,
        List<Integer> blockOutChannels,
        LevelNumbers layersPerBlock,
        int downsamplePadding,
        double midBlockScaleFactor,
        double dropout,
        Activation actFn,
        int normNumGroups,
        double normEps,
        LevelNumbers crossAttentionDim,
        LevelNumbers transformerLayersPerBlock,
        @Nullable LevelNumbers reverseTransformerLayersPerBlock,
        @Nullable Integer encoderHidDim,
        @Nullable EncoderHidDimType encoderHidDimType,
        LevelNumbers attentionHeadDim,
        boolean useLinearProjection,
        @Nullable ClassEmbedType classEmbedType,
        @Nullable AdditionEmbedType additionEmbedType,
        @Nullable Integer additionTimeEmbedDim,
        @Nullable Integer numClassEmbeds,
        boolean upcastAttention,
        TimeScaleShift resnetTimeScaleShift,
        @Nullable Integer timeEmbeddingDim,
        @Nullable Activation timeEmbeddingActFn,
        @Nullable Activation timestepPostAct,
        @Nullable Integer timeCondProjDim,
        int convInKernel,
        int convOutKernel,
        @Nullable Integer projectionClassEmbeddingsInputDim,
        boolean classEmbeddingsConcat,
        int additionEmbedTypeNumHeads) {

    private static final int MAX_WIDTH = 1 << 16;

    /** diffusers' defaults; the only place where they are written down. */
    public static final UNet2DConditionConfig DEFAULT = new UNet2DConditionConfig(
            null,
            4,
            4,
            false,
            true,
            0,
            List.of(
                    DownBlockType.CROSS_ATTENTION,
                    DownBlockType.CROSS_ATTENTION,
                    DownBlockType.CROSS_ATTENTION,
                    DownBlockType.DOWN),
            MidBlockType.CROSS_ATTENTION,
            List.of(
                    UpBlockType.UP,
                    UpBlockType.CROSS_ATTENTION,
                    UpBlockType.CROSS_ATTENTION,
                    UpBlockType.CROSS_ATTENTION),
            new LevelFlags(false),
            List.of(320, 640, 1280, 1280),
            LevelNumbers.of(2),
            1,
            1,
            0,
            Activation.SILU,
            32,
            1e-5,
            LevelNumbers.of(1280),
            LevelNumbers.of(1),
            null,
            null,
            null,
            LevelNumbers.of(8),
            false,
            null,
            null,
            null,
            null,
            false,
            TimeScaleShift.DEFAULT,
            null,
            null,
            null,
            null,
            3,
            3,
            null,
            false,
            64);

    /** The keys are those of {@code down_block_types}. */
    public enum DownBlockType implements Keyed {
        DOWN("DownBlock2D"),
        CROSS_ATTENTION("CrossAttnDownBlock2D");

        private final String key;

        DownBlockType(String key) {
            this.key = key;
        }

        @Override
        public String key() {
            return key;
        }
    }

    /** The keys are those of {@code mid_block_type}. */
    public enum MidBlockType implements Keyed {
        CROSS_ATTENTION("UNetMidBlock2DCrossAttn"),
        /** One residual block. */
        PLAIN("UNetMidBlock2D");

        private final String key;

        MidBlockType(String key) {
            this.key = key;
        }

        @Override
        public String key() {
            return key;
        }
    }

    /** The keys are those of {@code up_block_types}. */
    public enum UpBlockType implements Keyed {
        UP("UpBlock2D"),
        CROSS_ATTENTION("CrossAttnUpBlock2D");

        private final String key;

        UpBlockType(String key) {
            this.key = key;
        }

        @Override
        public String key() {
            return key;
        }
    }

    /** The keys are those of {@code encoder_hid_dim_type}. */
    public enum EncoderHidDimType implements Keyed {
        TEXT_PROJ;

        @Override
        public String key() {
            return lowerCase(this);
        }
    }

    /** The keys are those of {@code class_embed_type}. */
    public enum ClassEmbedType implements Keyed {
        /** A number, embedded as a timestep is. */
        TIMESTEP,
        /** A vector, added as it is. */
        IDENTITY,
        /** A vector, through two maps with SiLU between. */
        PROJECTION,
        /** A vector, through one map. */
        SIMPLE_PROJECTION;

        @Override
        public String key() {
            return lowerCase(this);
        }
    }

    /** The keys are those of {@code addition_embed_type}. */
    public enum AdditionEmbedType implements Keyed {
        /** The prompt's tokens, pooled by attention. */
        TEXT,
        /** The prompt's pooled embedding and sizes of the picture: Podell et al. (2023). */
        TEXT_TIME;

        @Override
        public String key() {
            return lowerCase(this);
        }
    }

    /** The keys are those of {@code resnet_time_scale_shift}. */
    public enum TimeScaleShift implements Keyed {
        DEFAULT,
        SCALE_SHIFT;

        @Override
        public String key() {
            return lowerCase(this);
        }
    }

    private static String lowerCase(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    public UNet2DConditionConfig {
        downBlockTypes = List.copyOf(downBlockTypes);
        upBlockTypes = List.copyOf(upBlockTypes);
        blockOutChannels = List.copyOf(blockOutChannels);
        if (encoderHidDimType == null && encoderHidDim != null) {
            encoderHidDimType = EncoderHidDimType.TEXT_PROJ;
        }
        Check.inRange(inChannels, 1, MAX_WIDTH, "in_channels");
        Check.inRange(outChannels, 1, MAX_WIDTH, "out_channels");
        Check.inRange(downsamplePadding, 0, 1, "downsample_padding");
        Check.inRange(dropout, 0, 1, "dropout");
        Check.positive(normNumGroups, "norm_num_groups");
        Check.positive(normEps, "norm_eps");
        Check.positive(midBlockScaleFactor, "mid_block_scale_factor");
        Check.positive(additionEmbedTypeNumHeads, "addition_embed_type_num_heads");
        checkKernel(convInKernel, "conv_in_kernel");
        checkKernel(convOutKernel, "conv_out_kernel");
        positive(encoderHidDim, "encoder_hid_dim");
        positive(additionTimeEmbedDim, "addition_time_embed_dim");
        positive(numClassEmbeds, "num_class_embeds");
        positive(timeEmbeddingDim, "time_embedding_dim");
        positive(timeCondProjDim, "time_cond_proj_dim");
        positive(projectionClassEmbeddingsInputDim, "projection_class_embeddings_input_dim");
        checkLevels(blockOutChannels, downBlockTypes.size(), upBlockTypes.size());
        int levels = blockOutChannels.size();
        onlyCrossAttention.checkLevels("only_cross_attention", levels);
        layersPerBlock.checkPositive("layers_per_block", levels);
        crossAttentionDim.checkPositive("cross_attention_dim", levels);
        attentionHeadDim.checkPositive("attention_head_dim", levels);
        checkDepths(transformerLayersPerBlock, reverseTransformerLayersPerBlock, layersPerBlock, levels);
        checkEmbeddings(encoderHidDimType, encoderHidDim, classEmbedType, projectionClassEmbeddingsInputDim);
        checkAddition(additionEmbedType, additionTimeEmbedDim, projectionClassEmbeddingsInputDim);
    }

    private static void checkKernel(int size, String name) {
        Check.inRange(size, 1, 31, name);
        Check.that(size % 2 == 1, name + " must be odd, but was " + size);
    }

    private static void positive(@Nullable Integer value, String name) {
        if (value != null) {
            Check.positive(value, name);
        }
    }

    private static void checkLevels(List<Integer> widths, int downTypes, int upTypes) {
        Check.that(!widths.isEmpty() && widths.size() <= 16, "block_out_channels must have 1 to 16 widths");
        widths.forEach(width -> Check.inRange(width, 1, MAX_WIDTH, "block_out_channels"));
        Check.that(
                downTypes == widths.size() && upTypes == widths.size(),
                "down_block_types (" + downTypes + "), up_block_types (" + upTypes + ") and block_out_channels ("
                        + widths.size() + ") must have the same length");
    }

    private static void checkDepths(
            LevelNumbers down, @Nullable LevelNumbers up, LevelNumbers layersPerBlock, int levels) {
        List<Integer> layers =
                IntStream.range(0, levels).mapToObj(layersPerBlock::at).toList();
        down.checkLevels("transformer_layers_per_block", layers);
        if (up == null) {
            Check.that(
                    !down.isNested(),
                    "transformer_layers_per_block with lists within its list needs reverse_transformer_layers_per_block");
            return;
        }
        List<Integer> fromBelow = IntStream.range(0, levels)
                .mapToObj(i -> layers.get(levels - 1 - i) + 1)
                .toList();
        up.checkLevels("reverse_transformer_layers_per_block", fromBelow);
    }

    private static void checkEmbeddings(
            @Nullable EncoderHidDimType hidDimType,
            @Nullable Integer hidDim,
            @Nullable ClassEmbedType classType,
            @Nullable Integer vector) {
        Check.that(hidDimType == null || hidDim != null, "encoder_hid_dim_type needs encoder_hid_dim");
        boolean projects = classType == ClassEmbedType.PROJECTION || classType == ClassEmbedType.SIMPLE_PROJECTION;
        Check.that(
                !projects || vector != null,
                "class_embed_type projection and simple_projection need projection_class_embeddings_input_dim");
    }

    private static void checkAddition(
            @Nullable AdditionEmbedType type, @Nullable Integer timeFeatures, @Nullable Integer vector) {
        Check.that(
                type != AdditionEmbedType.TEXT_TIME || timeFeatures != null && vector != null,
                "addition_embed_type text_time needs addition_time_embed_dim and projection_class_embeddings_input_dim");
    }

    /** How often the size is halved, and one. */
    int levels() {
        return blockOutChannels.size();
    }

    /** Width of a level. */
    int width(int level) {
        return blockOutChannels.get(level);
    }

    /** Features of the time embedding. */
    int timeFeatures() {
        return timeEmbeddingDim != null ? timeEmbeddingDim : 4 * blockOutChannels.get(0);
    }

    /** Features of what the residual blocks are given: the time's, and a class's where it is joined to them. */
    int blockTimeFeatures() {
        return classEmbeddingsConcat ? 2 * timeFeatures() : timeFeatures();
    }

    /** Whether any part asks a prompt. */
    boolean asksPrompt() {
        return additionEmbedType == AdditionEmbedType.TEXT
                || midBlockType == MidBlockType.CROSS_ATTENTION
                || downBlockTypes.contains(DownBlockType.CROSS_ATTENTION)
                || upBlockTypes.contains(UpBlockType.CROSS_ATTENTION);
    }

    /**
     * Channels of a sample. A network that takes more than it predicts takes a picture, a mask or both behind the sample; one that
     * predicts more predicts a variance too.
     */
    public int sampleChannels() {
        return Math.min(inChannels, outChannels);
    }
}
