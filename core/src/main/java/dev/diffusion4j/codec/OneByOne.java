// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.codec;

import static org.bytedeco.pytorch.global.torch.cat;

import dev.diffusion4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * How an autoencoder is run by a codec: one picture after the other, so that memory does not grow with the batch, and without a graph
 * where none is asked for, so that weights may be packed.
 */
final class OneByOne {
    private OneByOne() {}

    /**
     * @param batch {@code float32 (B, …)}
     * @param network from some pictures to a new tensor, in any dtype and on any device
     * @return {@code float32 (B, …)} on the device of {@code batch}; a new tensor owned by the current scope
     */
    static Tensor run(Tensor batch, UnaryOperator<Tensor> network) {
        if (GradMode.is_enabled() && batch.requires_grad()) {
            return TensorScope.keepResult(() -> back(network.apply(batch), batch));
        }
        return TensorScope.keepResult(() -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                List<Tensor> results = new ArrayList<>();
                for (long i = 0; i < batch.size(0); i++) {
                    Tensor one = batch.narrow(0, i, 1);
                    results.add(TensorScope.keepResult(() -> back(network.apply(one), batch)));
                }
                return results.size() == 1 ? results.get(0) : cat(new TensorVector(results.toArray(Tensor[]::new)), 0);
            }
        });
    }

    private static Tensor back(Tensor result, Tensor batch) {
        return result.to(batch.device(), ScalarType.Float);
    }
}
