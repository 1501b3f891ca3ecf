// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import dev.diffusion4j.processor.PackedWeight;
import dev.diffusion4j.tensor.TensorScope;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The parameter {@code weight} of a layer. At the first use of a frozen layer without gradients it is packed: put in the order that is
 * fastest on this processor, in place of the plain one. Other threads may read it just then, so they take a handle under the layer's lock,
 * and the plain memory goes with the last handle; once it is settled which order it has, nobody waits. Thread-safe.
 */
final class LayerWeight<P extends PackedWeight> implements AutoCloseable {
    private final Layer layer;
    private final Packing<P> packing;
    private volatile Tensor tensor;
    private volatile @Nullable P packed;
    private volatile boolean settled;

    /** Packs a weight on the CPU for inputs such as {@code input}; gives {@code null} where that gains nothing. */
    @FunctionalInterface
    interface Packing<P> {
        @Nullable
        P pack(Tensor weight, Tensor input);
    }

    /** @param plain parameter {@code weight} of {@code layer}, which owns it */
    LayerWeight(Layer layer, Tensor plain, Packing<P> packing) {
        this.layer = layer;
        this.tensor = plain;
        this.packing = packing;
    }

    /** Packed; {@code null} where this call uses the plain one: gradients are kept, the layer is not frozen, or packing gains nothing. */
    @Nullable
    P packed(Tensor input) {
        P known = packed;
        if (known == null && (settled || !layer.isFrozen()) || GradMode.is_enabled()) {
            return null;
        }
        return known != null ? known : settle(input);
    }

    private @Nullable P settle(Tensor input) {
        synchronized (layer) {
            if (!settled) {
                P made = tensor.device().is_cpu() ? packing.pack(tensor, input) : null;
                if (made != null) {
                    layer.replaceParameter("weight", TensorScope.own(new Tensor(made.weight())));
                    tensor = made.weight();
                    packed = made;
                    FreedMemory.add(made.weight().nbytes());
                }
                settled = true;
            }
            return packed;
        }
    }

    /** What {@code body} makes of the weight in plain order; a new tensor. */
    Tensor withPlain(UnaryOperator<Tensor> body) {
        if (!layer.isFrozen() || settled && packed == null) {
            return body.apply(tensor);
        }
        return TensorScope.keepResult(() -> body.apply(plain()));
    }

    /** In plain order; a handle of the current scope's. */
    Tensor plain() {
        return TensorScope.keepResult(() -> {
            Tensor present = handle();
            return present.is_mkldnn() ? present.to_dense() : present;
        });
    }

    /** As it is, plain or packed; a handle of the current scope's that stays valid whatever the layer does. */
    Tensor handle() {
        synchronized (layer) {
            return new Tensor(tensor);
        }
    }

    /** The bytes of what was made of it and stays beside it. */
    long madeBytes() {
        P made = packed;
        return made == null ? 0 : made.madeBytes();
    }

    /** Frees what the layer does not: the packed weight. */
    @Override
    public void close() {
        P made = packed;
        if (made != null) {
            made.close();
        }
    }
}
