// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a call sees in place of the weights of the networks that it runs. As {@link TrainingMode} it is a property of
 * the call, not of a network, so that several calls run one network at the same time, each with other adapters, and the weights
 * stay as they are. Immutable; the tensors belong to whoever made the changes and must outlive the call.
 */
public final class ActiveProducts {
    /** The networks as they are. */
    public static final ActiveProducts NONE = new ActiveProducts(Map.of());

    private static final ThreadLocal<@Nullable ActiveProducts> CURRENT = new ThreadLocal<>();

    private final Map<Adaptable, WeightChange> products;

    /** @param products by the layer whose weight each changes; the layers may be those of several networks */
    public ActiveProducts(Map<Adaptable, WeightChange> products) {
        this.products = Map.copyOf(products);
    }

    /**
     * Runs {@code body}: each forward pass on this thread sees these products, and none of those that a surrounding call saw. A body
     * that hands work to other threads hands {@link #current()} on.
     */
    public <R> R run(Supplier<R> body) {
        ActiveProducts outer = CURRENT.get();
        set(products.isEmpty() ? null : this);
        try {
            return body.get();
        } finally {
            set(outer);
        }
    }

    private static void set(@Nullable ActiveProducts value) {
        if (value == null) {
            CURRENT.remove();
        } else {
            CURRENT.set(value);
        }
    }

    /** Those of the current thread, to be handed on to another. */
    public static ActiveProducts current() {
        ActiveProducts present = CURRENT.get();
        return present == null ? NONE : present;
    }

    /** What the current call sees in place of the weight of {@code layer}; {@code null} for the weight itself. */
    static @Nullable WeightChange beside(Adaptable layer) {
        ActiveProducts present = CURRENT.get();
        return present == null ? null : present.products.get(layer);
    }
}
