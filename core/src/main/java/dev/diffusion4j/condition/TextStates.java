// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What a text encoder makes of one text.
 *
 * @param states (1, L, D)
 * @param pooled (1, P); {@code null} where it has no projection
 */
record TextStates(Tensor states, @Nullable Tensor pooled) {
    List<Tensor> tensors() {
        return pooled == null ? List.of(states) : List.of(states, pooled);
    }
}
