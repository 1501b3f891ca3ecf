// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * A layer with one weight that adapters can change: a {@link LowRank} product of the layer's own stands beside it, with the parameters
 * {@code lora_A.weight} and {@code lora_B.weight}, which is trained; and the current call may see another weight ({@link ActiveProducts}). A
 * change can also be put into the weight.
 */
public abstract class Adaptable extends Layer {
    private static final String DOWN = "lora_A.weight";
    private static final String UP = "lora_B.weight";

    private volatile @Nullable LowRank lora;
    private volatile boolean merged;

    abstract LayerWeight<?> layerWeight();

    /**
     * {@code (out, in)} or {@code (out, in, k, k)}: a handle of the current scope's that stays valid whatever the layer does; in an order of
     * oneDNN's once a frozen layer was used.
     */
    public final Tensor weight() {
        return layerWeight().handle();
    }

    @Override
    final long ownMadeBytes() {
        return layerWeight().madeBytes();
    }

    /** What it computes in where nothing is cast: the dtype of its weight, or f32 where that is {@linkplain #store stored}. */
    public final ScalarType type() {
        return isStored() ? ScalarType.Float : TensorScope.compute(() -> Tensors.type(weight()));
    }

    /** The layer's operation as it is. */
    abstract Tensor plain(Tensor input);

    /** {@code (out)}; borrowed; {@code null} where there is none. */
    public abstract @Nullable Tensor bias();

    /** The layer's operation with another weight and no bias. */
    protected abstract Tensor project(Tensor input, Tensor weight);

    /** From r features to the layer's. */
    protected abstract Tensor expand(Tensor thin, Tensor weight);

    /**
     * Puts a product beside the weight; its tensors are f32 and without content.
     *
     * @param rank r
     * @param scale what the product is multiplied by: alpha / r
     * @param dropout share of the input that training leaves out before it
     * @throws IllegalStateException where there is one already, or the network is frozen
     */
    public final LowRank inject(int rank, double scale, double dropout) {
        Check.positive(rank, "rank");
        if (lora != null) {
            throw new IllegalStateException("this layer has a low-rank product already");
        }
        if (isFrozen()) {
            throw new IllegalStateException("this network is frozen: inject first");
        }
        long[] downShape = TensorScope.compute(() -> Tensors.shape(weight()));
        long[] upShape = new long[downShape.length];
        java.util.Arrays.fill(upShape, 1);
        upShape[0] = downShape[0];
        upShape[1] = rank;
        downShape[0] = rank;
        LowRank made = new LowRank(parameter(DOWN, downShape), parameter(UP, upShape), scale, dropout);
        lora = made;
        return made;
    }

    /** Removes the product; its tensors are freed. */
    public final void eject() {
        LowRank present = lora;
        if (present == null) {
            return;
        }
        lora = null;
        merged = false;
        dropParameter(DOWN);
        dropParameter(UP);
    }

    /** The product beside the weight, if there is one. */
    public final Optional<LowRank> lora() {
        return Optional.ofNullable(lora);
    }

    /** Adds the product to the weight, so that it costs nothing more; {@link #unmerge} takes it out again. */
    public final void merge() {
        LowRank present = lora;
        if (present != null && !merged) {
            addToWeight(present, 1);
            merged = true;
        }
    }

    /** The reverse of {@link #merge}, but for rounding. */
    public final void unmerge() {
        LowRank present = lora;
        if (present != null && merged) {
            addToWeight(present, -1);
            merged = false;
        }
    }

    private void addToWeight(LowRank product, double sign) {
        addToWeight(product.down(), product.up(), sign * product.scale());
    }

    /**
     * weight ← weight + scale·up·down, worked out in f32.
     *
     * @param down {@code (r, in)} or {@code (r, in, k, k)}
     * @param up {@code (out, r)} or {@code (out, r, 1, 1)}
     * @throws IllegalStateException where the network is frozen
     */
    public final void addToWeight(Tensor down, Tensor up, double scale) {
        changeWeight(weight -> weight.add(
                new LowRank(down.to(weight.device(), ScalarType.Float), up.to(weight.device(), ScalarType.Float), scale)
                        .product(weight)));
    }

    /**
     * weight ← change(weight), worked out in f32.
     *
     * @param change gets the weight in f32, and gives one of its shape
     * @throws IllegalStateException where the network is frozen
     */
    public final void changeWeight(UnaryOperator<Tensor> change) {
        if (isFrozen()) {
            throw new IllegalStateException("this network is frozen: add to its weights first");
        }
        TensorScope.run(() -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                Tensor weight = weight();
                weight.copy_(change.apply(weight.to(ScalarType.Float)));
            }
        });
        dropPrepared();
    }

    /** Whether {@link #foldedWeight} is all that the layer multiplies by. */
    final boolean isFoldable() {
        LowRank own = ownProduct();
        return own == null || !own.dropsInput();
    }

    /** The weight that the call sees, on the graph; the weight alone where nothing changes it. A handle of the current scope's. */
    final Tensor foldedWeight() {
        return TensorScope.keepResult(() -> {
            Tensor weight = widened(plainWeight());
            LowRank own = ownProduct();
            Tensor folded = own == null ? weight : weight.add(own.product(weight));
            WeightChange active = ActiveProducts.beside(this);
            return active == null ? folded : active.folded(folded);
        });
    }

    /** The weight in plain order; a handle of the current scope's. */
    public final Tensor plainWeight() {
        return layerWeight().plain();
    }

    /** Whether the current call sees another weight, or a product beside it. */
    final boolean isAdapted() {
        return ownProduct() != null || ActiveProducts.beside(this) != null;
    }

    /** The product of the layer's own where it is beside the weight and not in it. */
    private @Nullable LowRank ownProduct() {
        return merged ? null : lora;
    }

    /**
     * The layer's operation with all that the current call sees; on the graph where there is one.
     *
     * @return a new tensor owned by the current scope
     */
    final Tensor adapted(Tensor input) {
        return TensorScope.keepResult(() -> {
            WeightChange active = ActiveProducts.beside(this);
            if (active == null) {
                return withOwnProduct(input);
            }
            int dims = TensorScope.compute(() -> (int) weight().dim());
            Tensor sum = active.scaled(withOwnProduct(active.seen(input, dims)), bias(), dims);
            for (WeightTerm term : active.terms()) {
                sum = term.addedTo(sum, this, input);
            }
            return sum;
        });
    }

    private Tensor withOwnProduct(Tensor input) {
        LowRank own = ownProduct();
        return own == null ? plain(input) : own.addedTo(plain(input), this, input);
    }

    /** All in {@code root}, by dotted name. */
    public static Map<String, Adaptable> in(Layer root) {
        Map<String, Adaptable> all = new LinkedHashMap<>();
        collect("", root, all);
        return all;
    }

    private static void collect(String prefix, Layer layer, Map<String, Adaptable> into) {
        layer.childLayers().forEach((name, child) -> {
            if (child instanceof Adaptable adaptable) {
                into.put(prefix + name, adaptable);
            }
            collect(prefix(prefix, name), child, into);
        });
    }
}
