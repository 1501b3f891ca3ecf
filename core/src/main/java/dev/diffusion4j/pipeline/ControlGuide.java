// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.image.PictureFile;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.controlnet.ControlNetModel;
import dev.diffusion4j.model.unet2dcondition.ControlResiduals;
import dev.diffusion4j.model.unet2dcondition.UNet2DConditionModel;
import dev.diffusion4j.pipeline.request.Control;
import dev.diffusion4j.pipeline.request.Inputs;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * The control networks of a call, each with what it makes of its picture; asked at each step.
 *
 * @param parts at least one
 * @param firstStep the index of the call's first step: shares are counted from it
 * @param guesses whether they count for the fully conditioned prediction alone; as in diffusers so too where the first one averages
 */
record ControlGuide(List<Part> parts, int firstStep, boolean guesses) {
    /**
     * @param network borrowed
     * @param hint of {@link ControlNetModel#hint}; borrowed
     */
    record Part(Control control, ControlNetModel network, Tensor hint) {}

    ControlGuide {
        parts = List.copyOf(parts);
    }

    /**
     * Shows networks their pictures.
     *
     * @param inputs that ask for the networks
     * @param networks in the order of the requests; borrowed, as long as the result is used
     * @param size of the pictures that are drawn; a control picture of another one is resized
     * @return {@code null} where nothing is asked for; its hints belong to the current scope
     */
    static @Nullable ControlGuide read(
            Inputs inputs,
            PipelineSetup setup,
            SampleCodec codec,
            SampleSize size,
            List<ControlNetModel> networks,
            int firstStep) {
        if (inputs.control().isEmpty()) {
            return null;
        }
        MaskCrop crop = MaskCrop.of(inputs, size);
        List<Part> parts = new ArrayList<>();
        for (int i = 0; i < networks.size(); i++) {
            Control control = inputs.control().get(i);
            ControlNetModel network = networks.get(i);
            BufferedImage shown = crop == null
                    ? StartPicture.sized(control.picture(), "control", size, codec)
                    : crop.shown(PictureFile.read(Path.of(control.picture())), size);
            Tensor picture = PictureFile.colours(shown).to(setup.placement().torchDevice(), ScalarType.Float);
            parts.add(new Part(control, network, network.hint(picture)));
        }
        boolean averages = parts.get(0).network.typedConfig().globalPoolConditions();
        return new ControlGuide(parts, firstStep, inputs.guessMode() || averages);
    }

    /** @throws Problem where the network is not there or does not fit the denoiser, or the picture cannot be read */
    static void check(Control control, PipelineSetup setup, DiffusionModel model, ControlNets networks) {
        PictureFile.read(Path.of(control.picture()));
        if (!(model instanceof UNet2DConditionModel unet)) {
            throw Problem.request("a " + model.modelClass().name() + " cannot be controlled: omit {control}");
        }
        networks.lease(control.folder(), setup.placement()).ask(network -> {
            check(control, setup, unet, (ControlNetModel) network);
            return true;
        });
    }

    private static void check(
            Control control, PipelineSetup setup, UNet2DConditionModel unet, ControlNetModel network) {
        String where = "{control} " + control.folder() + " does not fit this network: ";
        network.misfit(unet.typedConfig()).ifPresent(why -> {
            throw Problem.request(where + why);
        });
        int factor = setup.codec(unet).scaleFactor();
        if (network.pictureFactor() != factor) {
            throw Problem.request(where + "its pictures are " + network.pictureFactor()
                    + " times as large as samples, those of this pipeline " + factor + " times");
        }
        if (network.typedConfig().conditioningChannels() != 3) {
            throw Problem.request(where + "it sees pictures of "
                    + network.typedConfig().conditioningChannels() + " channels, and only those of 3 can be given");
        }
    }

    /**
     * What is added to a U-Net's features; {@code null} where nothing counts at this step.
     *
     * @param sample x_t, (B, C, H, W), in the networks' dtype
     * @param time {@code float32 (1)}
     * @return new tensors owned by the current scope
     */
    @Nullable
    ControlResiduals residuals(Tensor sample, Tensor time, Conditioning conditioning, NetworkCall call) {
        ControlResiduals sum = null;
        for (Part part : parts) {
            if (part.control.isActive(call.index() - firstStep, call.calls() - firstStep)) {
                ControlResiduals own =
                        part.network.forward(sample, time, conditioning, part.hint, part.control.weight(), guesses);
                sum = sum == null ? own : sum.plus(own);
            }
        }
        return sum;
    }
}
