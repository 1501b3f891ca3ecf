// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.unet2d;

import static org.bytedeco.pytorch.global.torch.cat;

import dev.diffusion4j.tensor.TensorScope;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.jspecify.annotations.Nullable;

/**
 * What travels through the U of one forward pass. Without a graph, a tensor is freed as soon as nothing will read it: the
 * hidden state unless it is also a skip, a skip once it was joined.
 */
final class UNetState {
    /** The activation of the time embedding, (B, timeFeatures). */
    final Tensor activatedTime;

    /** The small picture that skip blocks carry along, (B, 3, H, W); null where there is none yet. */
    @Nullable
    Tensor skipSample;

    private final Deque<Tensor> skips = new ArrayDeque<>();
    private Tensor hidden;
    private boolean hiddenIsSkip;

    UNetState(Tensor hidden, Tensor activatedTime, @Nullable Tensor skipSample) {
        this.hidden = hidden;
        this.activatedTime = activatedTime;
        this.skipSample = skipSample;
    }

    Tensor hidden() {
        return hidden;
    }

    /** Replaces the hidden state by what {@code layer} makes of it. */
    void apply(UnaryOperator<Tensor> layer) {
        Tensor old = hidden;
        hidden = layer.apply(old);
        if (!hiddenIsSkip) {
            free(old);
        }
        hiddenIsSkip = false;
    }

    /** Remembers the hidden state for the way up. */
    void pushSkip() {
        skips.push(hidden);
        hiddenIsSkip = true;
    }

    /** Replaces the hidden state by what {@code layer} makes of it joined with the last skip, (B, C + C', H, W). */
    void applyJoined(UnaryOperator<Tensor> layer) {
        Tensor old = hidden;
        Tensor skip = skips.pop();
        boolean shared = hiddenIsSkip; // then it is the last skip itself, as in a network without a middle block
        hidden = TensorScope.keepResult(() -> {
            Tensor joined = cat(new TensorVector(old, skip), 1);
            free(skip);
            if (!shared) {
                free(old);
            }
            return layer.apply(joined);
        });
        hiddenIsSkip = false;
    }

    private static void free(Tensor tensor) {
        if (!GradMode.is_enabled()) {
            tensor.close();
        }
    }
}
