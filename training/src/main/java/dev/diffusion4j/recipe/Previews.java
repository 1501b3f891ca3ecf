// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.trainer.Ema;
import dev.diffusion4j.trainer.TrainState;
import java.awt.image.BufferedImage;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** What a network can do so far, as the same pictures again and again while it learns. */
interface Previews {

    /**
     * By the weights as they are.
     *
     * @param stop asked within the drawing
     * @throws java.util.concurrent.CancellationException where {@code stop} asked for it
     */
    BufferedImage draw(BooleanSupplier stop);

    /** As {@link #draw(BooleanSupplier)}, by the averaged weights where there are any. */
    default BufferedImage draw(TrainState state, BooleanSupplier stop) {
        Ema ema = state.ema();
        if (ema == null) {
            return draw(stop);
        }
        AtomicReference<@Nullable BufferedImage> grid = new AtomicReference<>();
        ema.whileApplied(() -> grid.set(draw(stop)));
        return Objects.requireNonNull(grid.get());
    }
}
