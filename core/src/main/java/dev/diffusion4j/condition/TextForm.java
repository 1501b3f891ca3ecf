// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import dev.diffusion4j.model.clip.ClipTextModel;
import dev.diffusion4j.model.clip.ClipTextStates;
import org.bytedeco.pytorch.Tensor;

/** Which of a text encoder's states a network attends to. */
public enum TextForm {
    /** The last ones after the final norm, with earlier ones normed as well: Stable Diffusion 1 and 2. */
    LAST(0) {
        @Override
        Tensor states(ClipTextModel model, ClipTextStates states, int skipped) {
            return skipped == 0
                    ? states.last()
                    : model.normed(states.hidden().get(states.hidden().size() - 1 - skipped));
        }
    },
    /** Those before the last block, without the norm, and the pooled text beside them: Stable Diffusion XL. */
    PENULTIMATE(1) {
        @Override
        Tensor states(ClipTextModel model, ClipTextStates states, int skipped) {
            return states.hidden().get(states.hidden().size() - 2 - skipped);
        }
    };

    private final int before;

    TextForm(int before) {
        this.before = before;
    }

    /** How many blocks can be skipped. */
    int mostSkipped(int blocks) {
        return blocks - before;
    }

    /**
     * The states with {@code skipped} more blocks left out, (B, L, D); a tensor of {@code states}, or a new one owned by the current
     * scope.
     */
    abstract Tensor states(ClipTextModel model, ClipTextStates states, int skipped);
}
