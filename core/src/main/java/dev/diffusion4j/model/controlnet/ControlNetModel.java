// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.controlnet;

import dev.diffusion4j.json.Records;
import dev.diffusion4j.layer.Conv2d;
import dev.diffusion4j.layer.block.BlockState;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelClass;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.model.ModelRole;
import dev.diffusion4j.model.PassCost;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.unet2dcondition.ControlResiduals;
import dev.diffusion4j.model.unet2dcondition.UNet2DConditionConfig;
import dev.diffusion4j.model.unet2dcondition.UNetEncoder;
import dev.diffusion4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;

/**
 * diffusers' {@code ControlNetModel}, Zhang et al. (2023): a copy of a U-Net's way down that sees a control picture, and whose features are
 * added to the U-Net's. Weight names are diffusers' names.
 */
public final class ControlNetModel extends Model {
    /** How files name it, and how it is made; a key of its config that is not implemented is refused by name. */
    public static final ModelFamily FAMILY = ModelFamily.of(
            ModelClass.ofDiffusers("ControlNetModel", ModelRole.CONTROL),
            ControlNetConfig.DEFAULT,
            ControlNetModel::new,
            null);

    private static final long[] PLACES = {2, 3};

    private final ControlNetConfig config;
    private final UNetEncoder encoder;
    private final ControlPictureEmbedding embedding;
    private final List<Conv2d> downOut;
    private final Conv2d midOut;

    /** A network without content; read weights into it. */
    public ControlNetModel(ControlNetConfig config) {
        super(FAMILY.modelClass(), Records.toMap(config));
        this.config = config;
        encoder = child("", new UNetEncoder(config.unet()));
        embedding = child("controlnet_cond_embedding", new ControlPictureEmbedding(config));
        List<Conv2d> outs = new ArrayList<>();
        List<Integer> widths = config.blockOutChannels();
        outs.add(Conv2d.pointwise(widths.get(0), widths.get(0)));
        for (int level = 0; level < widths.size(); level++) {
            int count = config.layersPerBlock() + (level == widths.size() - 1 ? 0 : 1); // and one where it is halved
            for (int i = 0; i < count; i++) {
                outs.add(Conv2d.pointwise(widths.get(level), widths.get(level)));
            }
        }
        downOut = children("controlnet_down_blocks", outs);
        int last = widths.get(widths.size() - 1);
        midOut = child("controlnet_mid_block", Conv2d.pointwise(last, last));
    }

    /** The config as a record. */
    public ControlNetConfig typedConfig() {
        return config;
    }

    /** How many times larger than a sample the control picture is. */
    public int pictureFactor() {
        return 1 << config.conditioningEmbeddingOutChannels().size() - 1;
    }

    /**
     * What is added to the first features, the same at each step.
     *
     * @param picture {@code float32 (1, C, H·f, W·f)} in [0, 1], red first; f is {@link #pictureFactor()}
     * @return (1, C', H, W) in the network's dtype, owned by the current scope
     */
    public Tensor hint(Tensor picture) {
        return TensorScope.keepResult(() -> embedding.forward(picture.to(encoder.type())));
    }

    /**
     * What is added to a U-Net's features.
     *
     * @param sample x_t, (B, C, H, W), in the network's dtype
     * @param timestep {@code float32 (B)} or {@code (1)}
     * @param conditioning of the U-Net; what is joined to its samples and the embedding of a guidance scale are not read
     * @param hint of {@link #hint}
     * @param scale of all
     * @param guesses whether the first features count a tenth of the last, as in diffusers' {@code guess_mode}; not where they are averaged
     * @return new tensors owned by the current scope
     */
    public ControlResiduals forward(
            Tensor sample, Tensor timestep, Conditioning conditioning, Tensor hint, double scale, boolean guesses) {
        return TensorScope.keepAll(
                () -> {
                    Conditioning own =
                            conditioning.without(Conditioning.EXTRA_CHANNELS).without(Conditioning.TIMESTEP_COND);
                    BlockState state = encoder.down(sample, timestep, own, hint);
                    List<Tensor> skips = state.skips();
                    List<Tensor> down = new ArrayList<>();
                    for (int i = 0; i < skips.size(); i++) {
                        down.add(scaled(downOut.get(i), skips.get(i), scale * share(i, guesses)));
                    }
                    encoder.middle(state);
                    return new ControlResiduals(
                            down, scaled(midOut, state.hidden(), scale * share(skips.size(), guesses)));
                },
                ControlResiduals::tensors);
    }

    /**
     * What {@link #forward} costs, worked out from the config.
     *
     * @param size of a sample
     * @param batch how many samples
     * @param words places of their prompts
     */
    public PassCost cost(SampleSize size, int batch, int words) {
        return UNetEncoder.cost(config.unet(), size, batch, words);
    }

    /** How many numbers are added to the features of a batch. */
    public double features(SampleSize size, int batch) {
        return UNetEncoder.features(config.unet(), size, batch);
    }

    /** From 0.1 to 1, evenly in the logarithm. */
    private double share(int place, boolean guesses) {
        return guesses && !config.globalPoolConditions() ? Math.pow(10, (double) place / downOut.size() - 1) : 1;
    }

    private Tensor scaled(Conv2d out, Tensor features, double scale) {
        return TensorScope.keepResult(() -> {
            Tensor whole = out.forward(features).mul(new Scalar(scale));
            return config.globalPoolConditions() ? whole.mean(PLACES, true, new ScalarTypeOptional()) : whole;
        });
    }

    /**
     * Why its features cannot be added to those of a U-Net, as the end of a sentence that names both; empty where they can.
     *
     * @param unet the config of the U-Net
     */
    public Optional<String> misfit(UNet2DConditionConfig unet) {
        UNet2DConditionConfig own = config.unet();
        return different("samples of ", own.sampleChannels(), unet.sampleChannels(), " channels")
                .or(() -> different("levels of ", own.blockOutChannels(), unet.blockOutChannels(), " channels"))
                .or(() -> different(
                        "", config.layersPerBlock(), unet.layersPerBlock().at(0), " layers a level"))
                .or(() -> different(
                        "texts of ",
                        config.crossAttentionDim(),
                        unet.crossAttentionDim().at(0),
                        " features"))
                .or(() -> different(
                        "",
                        Objects.requireNonNullElse(config.projectionClassEmbeddingsInputDim(), 0),
                        Objects.requireNonNullElse(unet.projectionClassEmbeddingsInputDim(), 0),
                        " numbers beside the time"));
    }

    private static Optional<String> different(String before, Object own, Object other, String after) {
        return own.equals(other)
                ? Optional.empty()
                : Optional.of("it is for " + before + own + after + ", and the network has " + other);
    }
}
