// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.unet2d;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.layer.Activation;
import dev.diffusion4j.layer.BlockInput;
import dev.diffusion4j.layer.Conv2d;
import dev.diffusion4j.layer.Embedding;
import dev.diffusion4j.layer.GaussianFourierProjection;
import dev.diffusion4j.layer.GroupNorm;
import dev.diffusion4j.layer.LearnedProjection;
import dev.diffusion4j.layer.SinusoidalProjection;
import dev.diffusion4j.layer.TimeProjection;
import dev.diffusion4j.layer.TimestepEmbedding;
import dev.diffusion4j.layer.block.BlockState;
import dev.diffusion4j.layer.block.Level;
import dev.diffusion4j.layer.block.MidBlock;
import dev.diffusion4j.model.ClassInput;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.ModelClass;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.model.ModelRole;
import dev.diffusion4j.model.OldAttentionNames;
import dev.diffusion4j.model.SampleShape;
import dev.diffusion4j.model.unet2d.UNet2DConfig.TimeEmbeddingType;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * diffusers' {@code UNet2DModel}: the U-Net of Ho et al. (2020) with all its variants (Ronneberger et al. 2015 for the U, Song et
 * al. 2021 for skip blocks and Fourier features). Weight names are diffusers' names.
 */
public final class UNet2DModel extends DiffusionModel {
    /** How files name it, and how it is made and fitted to data; unknown keys of its config are kept and saved again. */
    public static final ModelFamily FAMILY = new ModelFamily(
            ModelClass.ofDiffusers("UNet2DModel", ModelRole.DENOISER), UNet2DModel::fromConfig, UNet2DConfig::fit);

    private static final double FOURIER_SCALE = 16;
    private static final int SKIP_CHANNELS = 3;

    private final UNet2DConfig config;
    private final Conv2d convIn;
    private final TimeProjection timeProjection;
    private final TimestepEmbedding timeEmbedding;
    private final @Nullable Embedding classTable;
    private final @Nullable TimestepEmbedding classEmbedding;
    private final List<Level> downBlocks;
    private final @Nullable MidBlock midBlock;
    private final List<Level> upBlocks;
    private final GroupNorm normOut;
    private final Conv2d convOut;

    /** A network without content; {@link #initialize} it or read weights into it. */
    public UNet2DModel(UNet2DConfig config) {
        this(config, Map.of());
    }

    private UNet2DModel(UNet2DConfig config, Map<String, @Nullable Object> unknownKeys) {
        super(
                FAMILY.modelClass(),
                allKeys(config, unknownKeys),
                new SampleShape(config.inChannels(), config.sampleSize(), config.sizeMultiple()));
        this.config = config;
        List<Integer> widths = config.blockOutChannels();
        int first = widths.get(0);
        convIn = child("conv_in", Conv2d.same(config.inChannels(), first));
        timeProjection = child("time_proj", timeProjection(config));
        int timeIn = config.timeEmbeddingType() == TimeEmbeddingType.FOURIER ? 2 * first : first;
        timeEmbedding = child("time_embedding", new TimestepEmbedding(timeIn, config.timeFeatures()));
        classTable = config.classEmbedType() == null && config.numClassEmbeds() != null
                ? child("class_embedding", new Embedding(config.numClassEmbeds(), config.timeFeatures()))
                : null;
        classEmbedding = "timestep".equals(config.classEmbedType())
                ? child("class_embedding", new TimestepEmbedding(timeIn, config.timeFeatures()))
                : null;
        UNetLevels made = new UNetLevels(config);
        downBlocks = children("down_blocks", made.down());
        MidBlock middle = made.mid();
        midBlock = middle == null ? null : child("mid_block", middle);
        upBlocks = children("up_blocks", made.up());
        int groups = config.normNumGroups() != null ? config.normNumGroups() : Math.min(first / 4, 32);
        normOut = child("conv_norm_out", new GroupNorm(groups, first, config.normEps()));
        convOut = child("conv_out", Conv2d.same(first, config.outChannels()));
    }

    /** From the keys of a {@code config.json}; unknown ones are kept and saved again. */
    public static UNet2DModel fromConfig(Map<String, @Nullable Object> json) {
        Records.Bound<UNet2DConfig> bound =
                Records.bindKnown(UNet2DConfig.DEFAULT, Records.settings(json), "UNet2DModel config");
        return new UNet2DModel(bound.value(), bound.unknown());
    }

    private static Map<String, @Nullable Object> allKeys(
            UNet2DConfig config, Map<String, @Nullable Object> unknownKeys) {
        Map<String, @Nullable Object> all = Records.toMap(config);
        all.putAll(unknownKeys);
        return all;
    }

    private static TimeProjection timeProjection(UNet2DConfig config) {
        int first = config.blockOutChannels().get(0);
        return switch (config.timeEmbeddingType()) {
            case POSITIONAL -> new SinusoidalProjection(first, config.flipSinToCos(), config.freqShift());
            case FOURIER -> new GaussianFourierProjection(first, FOURIER_SCALE);
            case LEARNED -> new LearnedProjection(java.util.Objects.requireNonNull(config.numTrainTimesteps()), first);
        };
    }

    @Override
    public Tensor forward(Tensor sample, Tensor timestep, Conditioning conditioning) {
        return TensorScope.keepResult(() -> {
            Tensor centred =
                    config.centerInputSample() ? sample.mul(new Scalar(2.0)).sub(new Scalar(1.0)) : sample;
            Tensor time = config.actFn().applyToTemporary(embedTime(timestep, conditioning));
            Tensor ordered = isFrozen() ? centred.contiguous(MemoryFormat.ChannelsLast) : centred;
            BlockState state = BlockState.ofUNet(convIn.forward(ordered), BlockInput.ofTime(time));
            state.carry(centred);
            state.pushSkip();
            downBlocks.forEach(block -> block.forward(state));
            if (midBlock != null) {
                midBlock.forward(state);
            }
            state.carry(null); // the way up carries a picture of its own
            upBlocks.forEach(block -> block.forward(state));
            state.apply((Tensor hidden) ->
                    TensorScope.keepResult(() -> convOut.forward(normOut.forward(hidden, null, Activation.SILU))));
            Tensor skip = state.skipSample();
            Tensor result = skip == null ? state.hidden() : state.hidden().add(skip);
            if (config.timeEmbeddingType() == TimeEmbeddingType.FOURIER) {
                return result.div(timestep.view(-1, 1, 1, 1)).to(Tensors.type(sample));
            }
            return result;
        });
    }

    /** (B or 1, timeFeatures): the embedded time plus the embedded class. */
    private Tensor embedTime(Tensor timestep, Conditioning conditioning) {
        ScalarType type = convIn.type();
        Tensor time = timeEmbedding.forward(timeProjection.forward(timestep).to(type));
        Tensor labels = conditioning.classLabels();
        boolean required = classTable != null || config.classEmbedType() != null;
        if (required != (labels != null)) {
            throw Problem.request(
                    required
                            ? "this network draws a class: give {class}"
                            : "this network was not trained on classes: omit {class}");
        }
        if (labels == null) {
            return time;
        }
        Tensor embedded;
        if (classTable != null) {
            embedded = classTable.forward(labels);
        } else if (classEmbedding != null) {
            embedded = classEmbedding.forward(
                    timeProjection.forward(labels.to(ScalarType.Float)).to(type));
        } else {
            embedded = labels.to(type);
        }
        return time.add(embedded);
    }

    /** Old checkpoints call the attention's maps {@code query}, {@code key}, {@code value}, {@code proj_attn}. */
    @Override
    public String weightName(String fileName) {
        return OldAttentionNames.current(fileName);
    }

    /** The config as a record. */
    public UNet2DConfig typedConfig() {
        return config;
    }

    @Override
    public int outChannels() {
        return config.outChannels();
    }

    /** The skip blocks of Song et al. carry a picture along that has three channels, whatever the network takes. */
    @Override
    public Optional<String> channelProblem() {
        boolean down = config.downBlockTypes().stream().anyMatch(UNet2DConfig.DownBlockType::isSkip);
        boolean up = config.upBlockTypes().stream().anyMatch(UNet2DConfig.UpBlockType::isSkip);
        if (down && config.inChannels() != SKIP_CHANNELS) {
            return Optional.of("its SkipDownBlock2D need in_channels 3, but it is " + config.inChannels());
        }
        return up && config.outChannels() != SKIP_CHANNELS
                ? Optional.of("its SkipUpBlock2D need out_channels 3, but it is " + config.outChannels())
                : Optional.empty();
    }

    @Override
    public int numClasses() {
        if (classEmbedding != null && config.timeEmbeddingType() == TimeEmbeddingType.LEARNED) {
            return java.util.Objects.requireNonNull(
                    config.numTrainTimesteps()); // a class takes a row of the time table
        }
        return classTable == null ? 0 : (int) classTable.count();
    }

    @Override
    public ClassInput classInput() {
        if (numClasses() == 0 && config.classEmbedType() != null) {
            return classEmbedding == null ? ClassInput.VECTOR : ClassInput.ANY_NUMBER;
        }
        return super.classInput();
    }
}
