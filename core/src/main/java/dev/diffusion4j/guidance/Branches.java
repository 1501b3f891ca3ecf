// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.guidance;

import static org.bytedeco.pytorch.global.torch.cat;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/**
 * A guided prediction as a weighted list of conditionings, with weights for each picture of a batch. The last branch is the
 * reference: the prediction is f_last + Σ w_k·(f_k − f_last) over the others, so its own weight is what is left to 1. One branch is no
 * guidance; two are classifier-free guidance, with w = (scale); three are InstructPix2Pix, with w = (text scale, picture scale − text
 * scale) for (text and picture, picture, nothing): Ho &amp; Salimans (2022); Brooks et al. (2023), eq. 3.
 */
public final class Branches {
    private static final long[] ALL_BUT_BATCH = {1, 2, 3};

    private final List<Conditioning> conditionings;
    private final List<double[]> weights;

    private Branches(List<Conditioning> conditionings, List<double[]> weights) {
        this.conditionings = List.copyOf(conditionings);
        this.weights = List.copyOf(weights);
    }

    /** A prediction as it is. */
    public static Branches of(Conditioning only) {
        return new Branches(List.of(only), List.of());
    }

    /**
     * Several predictions.
     *
     * @param conditionings the fully conditioned branch first, the reference last; borrowed
     * @param weights of all branches but the last, one a picture
     */
    public static Branches of(List<Conditioning> conditionings, List<double[]> weights) {
        Check.that(
                !conditionings.isEmpty() && weights.size() == conditionings.size() - 1,
                "each branch but the last must have weights, but there are " + conditionings.size()
                        + " branches with weights of " + weights.size());
        return new Branches(conditionings, weights);
    }

    /** How many times the network is asked. */
    public int size() {
        return conditionings.size();
    }

    /** Without guidance: the fully conditioned branch alone. */
    public Branches conditional() {
        return size() == 1 ? this : of(conditionings.get(0));
    }

    /** The reference alone. */
    public Branches reference() {
        return size() == 1 ? this : of(conditionings.get(size() - 1));
    }

    /** Whether the other branches count for no picture. */
    public boolean isReferenceAlone() {
        return weights.stream().flatMapToDouble(Arrays::stream).allMatch(weight -> weight == 0);
    }

    /** For pictures {@code first … first+count−1} of the batch. */
    public Branches narrow(int first, int count) {
        return new Branches(
                conditionings.stream()
                        .map(each -> each.size() == 0 ? each : each.narrow(first, count))
                        .toList(),
                weights.stream()
                        .map(each -> Arrays.copyOfRange(each, first, first + count))
                        .toList());
    }

    /** All branches for one call of the network, one after the other; owned by the current scope. */
    public Conditioning joined() {
        return Conditioning.join(conditionings, Conditioning.Padding.REPEAT);
    }

    /**
     * The guided prediction.
     *
     * @param output of the network for {@link #joined}, {@code float32 (size·B, C', H, W)}
     * @param channels C: what is guided; the channels beyond, a predicted variance, are those of the first branch
     * @param rescale share in [0, 1] that is brought back to the first branch's standard deviation: Lin et al. (2024), 3.4
     * @return {@code float32 (B, C', H, W)}, owned by the current scope; {@code output} itself where there is one branch
     */
    public Tensor combine(Tensor output, long channels, double rescale) {
        if (size() == 1) {
            return output;
        }
        return TensorScope.keepResult(() -> {
            long batch = output.size(0) / size();
            Tensor conditional = output.narrow(0, 0, batch);
            Tensor reference = output.narrow(0, batch * (size() - 1), batch).narrow(1, 0, channels);
            Tensor guided = reference;
            for (int k = 0; k < weights.size(); k++) {
                Tensor branch = output.narrow(0, batch * k, batch).narrow(1, 0, channels);
                guided = guided.add(branch.sub(reference).mul(column(weights.get(k), output)));
            }
            if (rescale > 0) {
                guided = rescaled(guided, conditional.narrow(1, 0, channels), rescale);
            }
            long more = output.size(1) - channels;
            return more == 0 ? guided : cat(new TensorVector(guided, conditional.narrow(1, channels, more)), 1);
        });
    }

    /** {@code (B, 1, 1, 1)}. */
    private static Tensor column(double[] values, Tensor like) {
        return Tensors.ofDoubles(values).view(-1, 1, 1, 1).to(like.device(), Tensors.type(like));
    }

    private static Tensor rescaled(Tensor guided, Tensor with, double rescale) {
        Tensor level = with.std(ALL_BUT_BATCH, true, true).div(guided.std(ALL_BUT_BATCH, true, true));
        return guided.mul(level).mul(new Scalar(rescale)).add(guided.mul(new Scalar(1 - rescale)));
    }
}
