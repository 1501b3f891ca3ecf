// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.unet2dcondition;

import static org.bytedeco.pytorch.global.torch.cat;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.layer.Conv2d;
import dev.diffusion4j.layer.GroupNorm;
import dev.diffusion4j.layer.block.BlockState;
import dev.diffusion4j.layer.block.Level;
import dev.diffusion4j.model.ClassInput;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.ConfigDraft;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.ModelClass;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.model.ModelRole;
import dev.diffusion4j.model.PassCost;
import dev.diffusion4j.model.SampleShape;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.jspecify.annotations.Nullable;

/**
 * diffusers' {@code UNet2DConditionModel}: the U-Net of latent diffusion, whose transformers ask a prompt (Rombach et al. 2022; Podell et
 * al. 2023 for sizes and a pooled text beside the time). Weight names are diffusers' names.
 */
public final class UNet2DConditionModel extends DiffusionModel {
    /** How files name it, and how it is made; a key of its config that is not implemented is refused by name. */
    public static final ModelFamily FAMILY = new ModelFamily(
            ModelClass.ofDiffusers("UNet2DConditionModel", ModelRole.DENOISER),
            UNet2DConditionModel::fromConfig,
            UNet2DConditionModel::fit);

    private final UNet2DConditionConfig config;
    private final UNetEncoder encoder;
    private final List<Level> upBlocks;
    private final GroupNorm normOut;
    private final Conv2d convOut;

    /** A network without content; {@link #initialize} it or read weights into it. */
    public UNet2DConditionModel(UNet2DConditionConfig config) {
        this(config, Map.of());
    }

    private UNet2DConditionModel(UNet2DConditionConfig config, Map<String, @Nullable Object> fixedKeys) {
        super(
                FAMILY.modelClass(),
                allKeys(config, fixedKeys),
                // any size: the way up makes the sizes of the way down
                new SampleShape(config.sampleChannels(), config.sampleSize(), 1));
        this.config = config;
        int first = config.width(0);
        int out = config.convOutKernel();
        encoder = child("", new UNetEncoder(config));
        upBlocks = children("up_blocks", new ConditionLevels(config).up());
        normOut = child("conv_norm_out", new GroupNorm(config.normNumGroups(), first, config.normEps()));
        convOut = child("conv_out", new Conv2d(first, config.outChannels(), out, 1, (out - 1) / 2));
    }

    /**
     * From the keys of a {@code config.json}.
     *
     * @throws IllegalArgumentException naming a key that is not known, or whose value is not implemented
     */
    public static UNet2DConditionModel fromConfig(Map<String, @Nullable Object> json) {
        String where = FAMILY.name() + " config";
        Records.Bound<UNet2DConditionConfig> bound =
                Records.bindKnown(UNet2DConditionConfig.DEFAULT, Records.settings(json), where);
        FixedKeys.check(bound.unknown(), where);
        return new UNet2DConditionModel(bound.value(), bound.unknown());
    }

    /** Size and channels of the samples, and the features of a prompt's token. */
    private static void fit(ConfigDraft draft) {
        long channels = draft.target().channels();
        draft.fillShape().fill("out_channels", channels);
        int features = draft.target().textFeatures();
        if (features > 0 && draft.get("encoder_hid_dim") == null) {
            draft.fill("cross_attention_dim", (long) features);
        }
    }

    /** Whether any part of it asks a prompt. */
    public boolean asksPrompt() {
        return config.asksPrompt();
    }

    /** Numbers of a prompt's token that it takes. */
    public int promptFeatures() {
        Integer mapped = config.encoderHidDim();
        return mapped == null ? config.crossAttentionDim().at(0) : mapped;
    }

    private static Map<String, @Nullable Object> allKeys(
            UNet2DConditionConfig config, Map<String, @Nullable Object> fixedKeys) {
        Map<String, @Nullable Object> all = Records.toMap(config);
        all.putAll(fixedKeys);
        return all;
    }

    @Override
    public Tensor forward(Tensor sample, Tensor timestep, Conditioning conditioning) {
        return forward(sample, timestep, conditioning, null);
    }

    /**
     * {@link #forward(Tensor, Tensor, Conditioning)}, together with a network that runs beside this one.
     *
     * @param control {@code null} for none
     */
    public Tensor forward(
            Tensor sample, Tensor timestep, Conditioning conditioning, @Nullable ControlResiduals control) {
        return TensorScope.keepResult(() -> {
            BlockState state = encoder.down(joined(sample, conditioning), timestep, conditioning, null);
            if (control != null) {
                state.addToSkips(control.down());
            }
            encoder.middle(state);
            if (control != null) {
                state.apply((Tensor hidden) -> hidden.add(control.mid()));
            }
            upBlocks.forEach(block -> block.forward(state));
            state.apply((Tensor hidden) ->
                    TensorScope.keepResult(() -> convOut.forward(normOut.forward(hidden, null, config.actFn()))));
            return state.hidden();
        });
    }

    /** The sample with what belongs behind its channels, (B, inChannels, H, W). */
    private Tensor joined(Tensor sample, Conditioning conditioning) {
        Tensor extra = conditioning.get(Conditioning.EXTRA_CHANNELS);
        long given = sample.size(1) + (extra == null ? 0 : extra.size(1));
        if (given != config.inChannels()) {
            throw Problem.request("this network takes " + config.inChannels() + " channels, but was given " + given
                    + (extraChannels() > 0
                            ? ": " + extraChannels() + " of them belong to a picture or a mask beside the sample"
                            : ""));
        }
        Tensor all = extra == null ? sample : cat(new TensorVector(sample, extra.to(Tensors.type(sample))), 1);
        return config.centerInputSample() ? all.mul(new Scalar(2.0)).sub(new Scalar(1.0)) : all;
    }

    @Override
    public int extraChannels() {
        return config.inChannels() - sampleChannels();
    }

    @Override
    public int guidanceFeatures() {
        Integer features = config.timeCondProjDim();
        return features == null ? 0 : features;
    }

    @Override
    public PassCost cost(SampleSize size, int batch, int words) {
        return new UNetCost(config, size, batch, words).get();
    }

    /** The config as a record. */
    public UNet2DConditionConfig typedConfig() {
        return config;
    }

    @Override
    public int outChannels() {
        return config.outChannels();
    }

    @Override
    public int numClasses() {
        Integer classes = config.numClassEmbeds();
        return classes == null || config.classEmbedType() != null ? 0 : classes;
    }

    @Override
    public ClassInput classInput() {
        if (config.classEmbedType() == null) {
            return super.classInput();
        }
        return config.classEmbedType() == UNet2DConditionConfig.ClassEmbedType.TIMESTEP
                ? ClassInput.ANY_NUMBER
                : ClassInput.VECTOR;
    }
}
