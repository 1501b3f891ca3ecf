// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.function.BinaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A product of two thin matrices beside a weight, scale·B·A: Hu et al. (2021). B begins as zero, so that the layer does what it did.
 * The tensors belong to the layer that it stands in.
 */
public final class LowRank {
    private final Tensor down;
    private final Tensor up;
    private final double scale;
    private final double probability;
    private final Dropout dropout;
    private final BinaryOperator<Tensor> project;
    private boolean merged;

    /**
     * @param down A, (r, in) or (r, in, k, k); borrowed
     * @param up B, (out, r) or (out, r, 1, 1); borrowed
     * @param scale alpha / r
     * @param dropout share of the input that training leaves out
     * @param project the layer's own operation with A in the place of its weight, without a bias
     */
    LowRank(Tensor down, Tensor up, double scale, double dropout, BinaryOperator<Tensor> project) {
        this.down = down;
        this.up = up;
        this.scale = scale;
        this.probability = dropout;
        this.dropout = new Dropout(dropout);
        this.project = project;
    }

    /** {@code output} + scale·B·A·{@code input}, a new tensor, with a graph where one is wanted. */
    Tensor plus(Tensor output, Tensor input, BinaryOperator<Tensor> expand) {
        return TensorScope.keepResult(() -> {
            Tensor thin = project.apply(dropout.forward(input), down);
            return output.add(expand.apply(thin, up), new Scalar(scale));
        });
    }

    /** scale·B·A in the shape {@code like} has, f32, on the graph where one is wanted. */
    Tensor product(Tensor like) {
        return TensorScope.keepResult(() -> up.to(ScalarType.Float)
                .flatten(1, -1)
                .mm(down.to(ScalarType.Float).flatten(1, -1))
                .mul(new Scalar(scale))
                .view(Tensors.shape(like)));
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

    /** alpha / r. */
    public double scale() {
        return scale;
    }

    /** Whether it is part of the weight just now. */
    public boolean isMerged() {
        return merged;
    }

    boolean dropsInput() {
        return probability > 0;
    }

    void merged(boolean value) {
        merged = value;
    }
}
