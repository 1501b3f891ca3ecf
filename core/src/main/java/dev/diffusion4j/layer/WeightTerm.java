// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Tensor;

/** Something that stands beside a weight as if it were added to it. */
@FunctionalInterface
public interface WeightTerm {
    /**
     * What is added.
     *
     * @param like a tensor of the weight's shape
     * @return in that shape, f32, on the graph where there is one; a new tensor
     */
    Tensor product(Tensor like);

    /**
     * {@code sum} and what the layer's operation makes of an input by {@link #product}, without a bias.
     *
     * @return a new tensor
     */
    default Tensor addedTo(Tensor sum, Adaptable layer, Tensor input) {
        return TensorScope.keepResult(() -> {
            Tensor weight = layer.plainWeight();
            return sum.add(layer.project(input, product(weight).to(input.device(), layer.type())));
        });
    }
}
