// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static org.bytedeco.pytorch.global.torch.cat;

import dev.diffusion4j.guidance.Branches;
import dev.diffusion4j.guidance.ClassifierFree;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.unet2dcondition.ControlResiduals;
import dev.diffusion4j.model.unet2dcondition.UNet2DConditionModel;
import dev.diffusion4j.tensor.Placement;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/** The network on its device with the conditions of a batch's pictures; all branches of a guided prediction in one call. */
final class GuidedDenoiser implements Denoiser {
    private final DiffusionModel model;
    private final Placement placement;
    private final Branches branches;
    private final ClassifierFree guidance;
    private final @Nullable ControlGuide control;

    /**
     * @param branches of the whole batch, on the network's device; borrowed
     * @param guidance when the branches act, and how much contrast is brought back
     * @param control what runs beside the network, a {@link UNet2DConditionModel} then; {@code null} for nothing
     */
    GuidedDenoiser(
            DiffusionModel model,
            Placement placement,
            Branches branches,
            ClassifierFree guidance,
            @Nullable ControlGuide control) {
        this.model = model;
        this.placement = placement;
        this.branches = branches;
        this.guidance = guidance;
        this.control = control;
    }

    @Override
    public Tensor predict(Tensor sample, NetworkCall call) {
        int count = Math.toIntExact(sample.size(0));
        return TensorScope.keepResult(() -> {
            Branches own = needed(call).narrow(call.firstImage(), count);
            Tensor output = forward(repeated(sample, own.size()), call, own);
            return own.combine(output, sample.size(1), guidance.rescale());
        });
    }

    /** The conditional branch outside of the guidance's interval; the reference where no other counts. */
    private Branches needed(NetworkCall call) {
        if (!guidance.isActive(call.progress())) {
            return branches.conditional();
        }
        boolean conditionalCounts = guidance.rescale() > 0 || model.outChannels() != model.sampleChannels();
        return branches.isReferenceAlone() && !conditionalCounts ? branches.reference() : branches;
    }

    private static Tensor repeated(Tensor sample, int times) {
        if (times == 1) {
            return sample;
        }
        Tensor[] copies = new Tensor[times];
        Arrays.fill(copies, sample);
        return cat(new TensorVector(copies), 0);
    }

    private Tensor forward(Tensor sample, NetworkCall call, Branches own) {
        return TensorScope.keepResult(() -> {
            Tensor time = Tensors.ofDoubles(call.timestep()).to(sample.device(), ScalarType.Float);
            Tensor input = sample.to(placement.dtype().scalarType());
            return output(input, time, own, call).to(ScalarType.Float).contiguous();
        });
    }

    private static @Nullable ControlResiduals residuals(
            ControlGuide control, Tensor input, Tensor time, Branches own, NetworkCall call) {
        if (!control.guesses() || own.size() == 1) {
            return control.residuals(input, time, own.joined(), call);
        }
        Tensor first = input.narrow(0, 0, input.size(0) / own.size());
        ControlResiduals of = control.residuals(first, time, own.conditional().joined(), call);
        return of == null ? null : of.before(own.size());
    }

    private Tensor output(Tensor input, Tensor time, Branches own, NetworkCall call) {
        Conditioning conditioning = own.joined();
        ControlResiduals residuals = control == null ? null : residuals(control, input, time, own, call);
        return residuals == null
                ? model.forward(input, time, conditioning)
                : ((UNet2DConditionModel) model).forward(input, time, conditioning, residuals);
    }
}
