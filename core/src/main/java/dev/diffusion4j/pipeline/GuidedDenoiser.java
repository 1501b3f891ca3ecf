// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static org.bytedeco.pytorch.global.torch.cat;

import dev.diffusion4j.guidance.ClassifierFree;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/** The network on its device, told the class, or the words, of each picture of a batch; with and without it in one call where it is guided. */
final class GuidedDenoiser implements Denoiser {
    private static final long[] ALL_BUT_BATCH = {1, 2, 3};

    private final DiffusionModel model;
    private final Device device;
    private final Precision precision;
    private final @Nullable List<long[]> classes;
    private final ClassifierFree guidance;

    /** @param classes of the batch's pictures, one number each, or the tokens of their prompts; {@code null} for a network
     *     that is told nothing */
    GuidedDenoiser(
            DiffusionModel model,
            Device device,
            Precision precision,
            @Nullable List<long[]> classes,
            ClassifierFree guidance) {
        this.model = model;
        this.device = device;
        this.precision = precision;
        this.classes = classes;
        this.guidance = guidance;
    }

    @Override
    public Tensor predict(Tensor sample, NetworkCall call) {
        if (classes == null) {
            return forward(sample, call, Conditioning.NONE);
        }
        int count = Math.toIntExact(sample.size(0));
        List<long[]> own = classes.subList(call.firstImage(), call.firstImage() + count);
        if (!guidance.isActive(call.progress())) {
            return TensorScope.keepResult(() -> forward(sample, call, told(own)));
        }
        return TensorScope.keepResult(() -> {
            if (guidance.scale() == 0 && guidance.rescale() == 0) {
                return forward(sample, call, away(own));
            }
            Conditioning both = both(told(own), away(own));
            Tensor output = forward(cat(new TensorVector(sample, sample), 0), call, both);
            return combine(output.narrow(0, 0, count), output.narrow(0, count, count), sample.size(1));
        });
    }

    private Tensor forward(Tensor sample, NetworkCall call, Conditioning conditioning) {
        return TensorScope.keepResult(() -> {
            Tensor time = Tensors.ofDoubles(call.timestep()).to(device, ScalarType.Float);
            Tensor output = model.forward(sample.to(device, precision.scalarType()), time, conditioning);
            return output.to(Devices.cpu(), ScalarType.Float).contiguous();
        });
    }

    private Conditioning told(List<long[]> labels) {
        long[] numbers = labels.stream().flatMapToLong(Arrays::stream).toArray();
        Tensor all = Tensors.ofLongs(numbers).to(device, ScalarType.Long);
        return Conditioning.ofClasses(model.prompts().isPresent() ? all.view(labels.size(), -1) : all);
    }

    /** What guidance moves away from: another class, or none. */
    private Conditioning away(List<long[]> labels) {
        Integer negative = guidance.negativeClass();
        if (negative != null) {
            return told(labels.stream().map(label -> new long[] {negative}).toList());
        }
        return told(labels).withKeep(keep(new double[labels.size()]));
    }

    private Conditioning both(Conditioning told, Conditioning away) {
        Tensor labels = cat(new TensorVector(told.classLabels(), away.classLabels()), 0);
        Tensor dropped = away.keep();
        if (dropped == null) {
            return Conditioning.ofClasses(labels);
        }
        double[] kept = new double[Math.toIntExact(dropped.size(0))];
        Arrays.fill(kept, 1);
        return Conditioning.ofClasses(labels).withKeep(cat(new TensorVector(keep(kept), dropped), 0));
    }

    private Tensor keep(double[] values) {
        return Tensors.ofDoubles(values).to(device, ScalarType.Float);
    }

    /** The conditional prediction is kept in the channels of a predicted variance. */
    private Tensor combine(Tensor conditional, Tensor other, long channels) {
        Tensor with = conditional.narrow(1, 0, channels);
        Tensor without = other.narrow(1, 0, channels);
        Tensor guided = without.add(with.sub(without).mul(new Scalar(guidance.scale())));
        if (guidance.rescale() > 0) {
            Tensor level = with.std(ALL_BUT_BATCH, true, true).div(guided.std(ALL_BUT_BATCH, true, true));
            Tensor rescaled = guided.mul(level).mul(new Scalar(guidance.rescale()));
            guided = rescaled.add(guided.mul(new Scalar(1 - guidance.rescale())));
        }
        long more = conditional.size(1) - channels;
        return more == 0 ? guided : cat(new TensorVector(guided, conditional.narrow(1, channels, more)), 1);
    }
}
