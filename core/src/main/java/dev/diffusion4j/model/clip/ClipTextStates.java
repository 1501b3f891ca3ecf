// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.clip;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What a text encoder makes of texts; all in its dtype.
 *
 * @param hidden the states before the first block and after each, before the final norm: (B, L, D) each
 * @param last the last ones after the final norm, (B, L, D)
 * @param pooled of {@code last} the state that stands for the whole text, (B, D)
 * @param projected {@code pooled} in the space of texts and pictures, (B, P); {@code null} where the network has no projection
 */
public record ClipTextStates(List<Tensor> hidden, Tensor last, Tensor pooled, @Nullable Tensor projected) {

    /** All tensors: for handing them from a scope to the one around it. */
    public List<Tensor> tensors() {
        List<Tensor> all = new ArrayList<>(hidden);
        all.add(last);
        all.add(pooled);
        if (projected != null) {
            all.add(projected);
        }
        return all;
    }
}
