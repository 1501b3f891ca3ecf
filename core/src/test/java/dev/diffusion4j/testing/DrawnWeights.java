// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.testing;

import dev.diffusion4j.layer.Layer;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.TreeMap;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;

/** The weights that {@code fill} in oracle/golden_text_to_image.py makes. */
public final class DrawnWeights {
    private DrawnWeights() {}

    /** Fills all tensors with normal numbers in the order of their names, so that norms and biases matter too. */
    public static void fill(Layer layer) {
        try (RandomStream random = new RandomStream(5);
                NoGradGuard guard = new NoGradGuard()) {
            new TreeMap<>(layer.stateDict())
                    .forEach((name, tensor) -> TensorScope.run(() -> {
                        var drawn = random.randn(Tensors.shape(tensor));
                        if (tensor.dim() > 1) {
                            double inputs = (double) tensor.numel() / tensor.size(0);
                            tensor.copy_(drawn.mul(new Scalar(Math.pow(inputs, -0.5))));
                        } else {
                            double centre = name.endsWith("weight") ? 1 : 0;
                            tensor.copy_(drawn.mul(new Scalar(0.1)).add(new Scalar(centre)));
                        }
                    }));
        }
    }
}
