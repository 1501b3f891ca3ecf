// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer.block;

import dev.diffusion4j.layer.Activation;
import dev.diffusion4j.layer.FusedGate;
import dev.diffusion4j.layer.Layer;
import dev.diffusion4j.layer.Linear;
import dev.diffusion4j.tensor.TensorScope;
import java.util.Optional;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;

/** Two linear maps, of which the first makes values and gates for them: GEGLU of Shazeer (2020). Names are diffusers'. */
public final class GatedFeedForward extends Layer {
    private static final int WIDER = 4;

    private final Linear wide;
    private final Linear narrow;
    private final long inner;

    /** @param features of a token; four times as many between the maps */
    public GatedFeedForward(int features) {
        inner = (long) WIDER * features;
        wide = child("net.0.proj", new Linear(features, 2 * inner));
        narrow = child("net.2", new Linear(inner, features));
    }

    /**
     * @param tokens (B, L, features)
     * @return the same shape, a new tensor
     */
    public Tensor forward(Tensor tokens) {
        return TensorScope.keepResult(() -> narrow.forward(gated(tokens)));
    }

    /** (B, L, inner). */
    private Tensor gated(Tensor tokens) {
        return TensorScope.keepResult(() -> {
            Tensor both = wide.forward(tokens);
            Optional<Tensor> fused = FusedGate.forward(both);
            if (fused.isPresent()) {
                return fused.get();
            }
            Tensor values = both.narrow(-1, 0, inner);
            Tensor gates = Activation.GELU.apply(both.narrow(-1, inner, inner));
            return GradMode.is_enabled() ? values.mul(gates) : gates.mul_(values);
        });
    }
}
