// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer.block;

import static org.bytedeco.pytorch.global.torch.cat;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.layer.BlockInput;
import dev.diffusion4j.layer.BlockPart;
import dev.diffusion4j.layer.Recomputation;
import dev.diffusion4j.tensor.TensorScope;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.jspecify.annotations.Nullable;

/**
 * What travels through the levels of one forward pass. Without a graph, a tensor is freed as soon as nothing will read it: the
 * hidden sample unless it is also a skip, a skip once it was joined.
 */
public final class BlockState {
    private final BlockInput input;
    private final boolean hasSkips;
    private final Deque<Tensor> skips = new ArrayDeque<>();
    private Tensor hidden;
    private boolean hiddenIsSkip;
    private @Nullable Tensor skipSample;

    private BlockState(Tensor hidden, BlockInput input, boolean hasSkips) {
        this.hidden = hidden;
        this.input = input;
        this.hasSkips = hasSkips;
    }

    /**
     * Of a U-Net, whose way up joins what was remembered on the way down.
     *
     * @param hidden (B, C, H, W); freed by the state
     */
    public static BlockState ofUNet(Tensor hidden, BlockInput input) {
        return new BlockState(hidden, input, true);
    }

    /**
     * Of an encoder or a decoder, in which nothing is remembered or joined.
     *
     * @param hidden (B, C, H, W); freed by the state
     */
    public static BlockState ofChain(Tensor hidden, BlockInput input) {
        return new BlockState(hidden, input, false);
    }

    /** The sample as it is now, (B, C, H, W); borrowed. */
    public Tensor hidden() {
        return hidden;
    }

    /** What each part is given. */
    public BlockInput input() {
        return input;
    }

    /** Replaces the hidden sample by what {@code part} makes of it. */
    public void apply(BlockPart part) {
        apply(sample -> Recomputation.of(part, List.of(sample), own -> own.get(0), input));
    }

    /** Replaces the hidden sample by the new tensor that {@code layer} makes of it. */
    public void apply(UnaryOperator<Tensor> layer) {
        Tensor old = hidden;
        hidden = layer.apply(old);
        if (!hiddenIsSkip) {
            free(old);
        }
        hiddenIsSkip = false;
    }

    /** Remembers the hidden sample for the way up, in a U-Net. */
    public void pushSkip() {
        if (hasSkips) {
            skips.push(hidden);
            hiddenIsSkip = true;
        }
    }

    /**
     * Adds to each remembered sample, as a network that runs beside this one does: Zhang et al. (2023).
     *
     * @param residuals one for each remembered sample, in the order of remembering; borrowed
     * @throws IllegalArgumentException where there are more or fewer of them
     */
    public void addToSkips(List<Tensor> residuals) {
        Check.that(
                residuals.size() == skips.size(),
                residuals.size() + " residuals do not fit the " + skips.size()
                        + " samples that are joined on the way up");
        List<Tensor> sums = new ArrayList<>();
        Iterator<Tensor> oldest = skips.descendingIterator();
        for (Tensor residual : residuals) {
            Tensor skip = oldest.next();
            sums.add(skip.add(residual));
            boolean isHiddenToo = hiddenIsSkip && !oldest.hasNext();
            if (!isHiddenToo) {
                free(skip);
            }
        }
        skips.clear();
        sums.forEach(skips::push);
        hiddenIsSkip = false;
    }

    /** What was remembered for the way up, in the order of remembering; borrowed. */
    public List<Tensor> skips() {
        List<Tensor> all = new ArrayList<>();
        skips.descendingIterator().forEachRemaining(all::add);
        return all;
    }

    /** What is joined next, (B, C, H, W), borrowed; {@code null} where nothing is left, and in a chain. */
    public @Nullable Tensor nextSkip() {
        return skips.peek();
    }

    /** In a U-Net, replaces the hidden sample by what {@code part} makes of it joined with the last skip, (B, C + C', H, W). */
    public void applyJoined(BlockPart part) {
        if (!hasSkips) {
            apply(part);
            return;
        }
        Tensor old = hidden;
        Tensor skip = skips.pop();
        boolean shared = hiddenIsSkip; // then it is the last skip itself, as in a network without a middle block
        hidden = TensorScope.keepResult(() -> Recomputation.of(
                part,
                List.of(old, skip),
                both -> {
                    Tensor joined = cat(new TensorVector(both.get(0), both.get(1)), 1);
                    free(skip);
                    if (!shared) {
                        free(old);
                    }
                    return joined;
                },
                input));
        hiddenIsSkip = false;
    }

    /** The small picture that skip blocks carry along, (B, 3, H, W); {@code null} where there is none yet. */
    public @Nullable Tensor skipSample() {
        return skipSample;
    }

    /** Carries another small picture along, or none. */
    public void carry(@Nullable Tensor sample) {
        skipSample = sample;
    }

    private static void free(Tensor tensor) {
        if (!GradMode.is_enabled()) {
            tensor.close();
        }
    }
}
