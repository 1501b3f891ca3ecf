// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A product of two thin matrices beside a weight, scale·B·A: Hu et al. (2021). Where B is zero the layer does what it did without.
 * The tensors belong to whoever made the product: the layer that it is trained in, or an adapter's view of a network.
 */
public final class LowRank implements WeightTerm {
    private final Tensor down;
    private final Tensor up;
    private final double scale;
    private final double probability;
    private final Dropout dropout;

    /**
     * @param down A, {@code (r, in)} or {@code (r, in, k, k)}, of the dtype that the layer computes in; borrowed
     * @param up B, {@code (out, r)} or {@code (out, r, 1, 1)}; borrowed
     * @param scale what the product is multiplied by, such as alpha / r
     */
    public LowRank(Tensor down, Tensor up, double scale) {
        this(down, up, scale, 0);
    }

    /** @param dropout share of the input that training leaves out before the product */
    LowRank(Tensor down, Tensor up, double scale, double dropout) {
        this.down = down;
        this.up = up;
        this.scale = scale;
        this.probability = dropout;
        this.dropout = new Dropout(dropout);
    }

    /** What A sees of a layer's input. */
    private Tensor seen(Tensor input) {
        return dropout.forward(input);
    }

    /** scale·B·A. */
    @Override
    public Tensor product(Tensor like) {
        return TensorScope.keepResult(() -> up.to(ScalarType.Float)
                .flatten(1, -1)
                .mm(down.to(ScalarType.Float).flatten(1, -1))
                .mul(new Scalar(scale))
                .view(Tensors.shape(like)));
    }

    @Override
    public Tensor addedTo(Tensor sum, Adaptable layer, Tensor input) {
        return TensorScope.keepResult(() -> {
            Tensor thin = ProductStrengths.applied(layer.project(seen(input), down));
            return sum.add(layer.expand(thin, up), new Scalar(scale));
        });
    }

    /** A: {@code (r, in)}, of a convolution {@code (r, in, k, k)}; borrowed. */
    public Tensor down() {
        return down;
    }

    /** B: {@code (out, r)}, of a convolution {@code (out, r, 1, 1)}; borrowed. */
    public Tensor up() {
        return up;
    }

    /** r. */
    public long rank() {
        return down.size(0);
    }

    /** What B·A is multiplied by. */
    public double scale() {
        return scale;
    }

    boolean dropsInput() {
        return probability > 0;
    }
}
