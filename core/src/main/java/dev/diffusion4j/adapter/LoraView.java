// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import static org.bytedeco.pytorch.global.torch.cat;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.layer.ActiveProducts;
import dev.diffusion4j.layer.Adaptable;
import dev.diffusion4j.layer.LowRank;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Networks seen through adapters: within {@link #run} their layers add the products to what they compute, on this thread alone, and
 * their weights stay as they are to the last bit. So any number of views of one network work at the same time. Thread-safe; it owns the
 * products in the networks' dtype and device, a few percent of the weights, until it is closed and the last run has ended.
 *
 * <pre>{@code
 * try (LoraAdapter adapter = LoraAdapter.read(folder);
 *         LoraView view = LoraView.of(Map.of(LoraComponent.UNET, network), List.of(new LoraView.Use(adapter, 0.8)))) {
 *     Tensor output = view.run(() -> network.forward(sample, timestep, conditioning));
 * }
 * }</pre>
 */
public final class LoraView implements AutoCloseable {
    /** The networks as they are; closing it does nothing. */
    public static final LoraView NONE = new LoraView(ActiveProducts.NONE, List.of(), List.of(), List.of());

    private final ActiveProducts products;
    private final List<Tensor> owned;
    private final List<LoraChoice> choices;
    private final List<LoraApplied> applied;
    private int holders = 1;
    private boolean closed;

    /** @param strength 1 as the adapter was trained, 0 not at all; may be negative */
    public record Use(LoraAdapter adapter, double strength) {
        public Use {
            Check.that(
                    Double.isFinite(strength),
                    "the scale of " + adapter.file() + " must be a number, but was " + strength);
        }
    }

    private LoraView(ActiveProducts products, List<Tensor> owned, List<LoraChoice> choices, List<LoraApplied> applied) {
        this.products = products;
        this.owned = owned;
        this.choices = choices;
        this.applied = applied;
    }

    /**
     * @param networks by the part of the pipeline that each is; names without a part mean the denoiser; borrowed, and to be closed after
     *     the view
     * @param uses adapters that are added up; they may be closed before the view
     * @throws Problem (a failure) where one does not fit, counting what does
     */
    public static LoraView of(Map<LoraComponent, ? extends Model> networks, List<Use> uses) {
        Map<Adaptable, List<Scaled>> byLayer = new LinkedHashMap<>();
        List<LoraApplied> applied = new ArrayList<>();
        for (Use use : uses) {
            LoraFit fit = LoraFit.of(use.adapter, networks);
            applied.add(fit.applied());
            fit.products().forEach((product, layer) -> {
                if (use.strength != 0) {
                    byLayer.computeIfAbsent(layer, key -> new ArrayList<>())
                            .add(new Scaled(product, use.strength * product.scale()));
                }
            });
        }
        List<LoraChoice> choices = uses.stream()
                .map(use -> new LoraChoice(use.adapter.file(), use.strength))
                .toList();
        return beside(byLayer, choices, List.copyOf(applied));
    }

    private static LoraView beside(
            Map<Adaptable, List<Scaled>> byLayer, List<LoraChoice> choices, List<LoraApplied> applied) {
        List<Tensor> owned = new ArrayList<>();
        try {
            Map<Adaptable, LowRank> products = new HashMap<>();
            byLayer.forEach(
                    (layer, parts) -> TensorScope.run(() -> products.put(layer, sum(parts, layer.weight(), owned))));
            return new LoraView(new ActiveProducts(products), owned, choices, applied);
        } catch (Throwable e) {
            owned.forEach(Tensor::close);
            throw e;
        }
    }

    private record Scaled(LoraProduct product, double scale) {
        Tensor up() {
            return product.up().to(ScalarType.Float).mul(new Scalar(scale));
        }
    }

    /** One product that does what all do: their A one below the other, their scaled B side by side. */
    private static LowRank sum(List<Scaled> parts, Tensor weight, List<Tensor> owned) {
        try (NoGradGuard guard = new NoGradGuard()) {
            if (parts.size() == 1) {
                LoraProduct only = parts.get(0).product;
                return new LowRank(own(only::down, weight, owned), own(only::up, weight, owned), parts.get(0).scale);
            }
            Tensor down = own(
                    () -> join(parts.stream().map(part -> part.product.down()).toList(), 0), weight, owned);
            Tensor up = own(() -> join(parts.stream().map(Scaled::up).toList(), 1), weight, owned);
            return new LowRank(down, up, 1);
        }
    }

    private static Tensor join(List<Tensor> tensors, int dim) {
        TensorVector all = new TensorVector();
        tensors.forEach(tensor -> all.push_back(tensor.to(ScalarType.Float)));
        return cat(all, dim);
    }

    /** In the weight's dtype and device: the adapter's own memory where it has both already. */
    private static Tensor own(Supplier<Tensor> tensor, Tensor weight, List<Tensor> owned) {
        Tensor made = TensorScope.ownResult(() -> tensor.get().to(weight.device(), Tensors.type(weight)));
        owned.add(made);
        return made;
    }

    /**
     * Runs {@code body} with the networks seen through these adapters, and no others; what it hands to other threads does not see them.
     *
     * @throws IllegalStateException where the view is closed
     */
    public <R> R run(Supplier<R> body) {
        hold();
        try {
            return products.run(body);
        } finally {
            release();
        }
    }

    private synchronized void hold() {
        if (closed) {
            throw new IllegalStateException("this view is closed");
        }
        holders++;
    }

    private synchronized void release() {
        holders--;
        if (holders == 0) {
            owned.forEach(Tensor::close);
        }
    }

    /** The adapters' files with their strengths, in their order. */
    public List<LoraChoice> choices() {
        return choices;
    }

    /** How much of each adapter's file counts, in their order. */
    public List<LoraApplied> applied() {
        return applied;
    }

    /** Frees the products when what is running has ended; closing twice is fine. */
    @Override
    public synchronized void close() {
        if (!closed && this != NONE) {
            closed = true;
            release();
        }
    }
}
