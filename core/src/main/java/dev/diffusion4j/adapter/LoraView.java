// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.layer.ActiveProducts;
import dev.diffusion4j.layer.Adaptable;
import dev.diffusion4j.layer.WeightChange;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Networks seen through adapters: within {@link #run} their layers compute with what the adapters make of the weights, on this thread alone, and
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
    private final long bytes;
    private int holders = 1;
    private boolean closed;

    /**
     * @param strength in the denoiser: 1 as the adapter was trained, 0 not at all; may be negative
     * @param textStrength in the text encoders
     */
    public record Use(LoraAdapter adapter, double strength, double textStrength) {
        public Use {
            LoraChoice.checkScale(adapter.file(), strength);
            LoraChoice.checkScale(adapter.file(), textStrength);
        }

        /** As strongly in all networks. */
        public Use(LoraAdapter adapter, double strength) {
            this(adapter, strength, strength);
        }

        double strengthOf(LoraProduct product) {
            LoraComponent part = product.name().component();
            return part != null && part.isText() ? textStrength : strength;
        }
    }

    private LoraView(ActiveProducts products, List<Tensor> owned, List<LoraChoice> choices, List<LoraApplied> applied) {
        this.products = products;
        this.owned = owned;
        this.bytes = owned.stream()
                .mapToLong(tensor -> tensor.numel() * tensor.element_size())
                .sum();
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
        List<LoraApplied> applied = new ArrayList<>();
        List<LoraFit> fits = new ArrayList<>();
        for (Use use : uses) {
            LoraFit fit = LoraFit.of(use.adapter, networks);
            fits.add(fit);
            applied.add(fit.applied());
        }
        List<LoraChoice> choices = uses.stream()
                .map(use -> new LoraChoice(use.adapter.file(), use.strength, use.textStrength))
                .toList();
        return beside(parts(fits, uses), choices, List.copyOf(applied));
    }

    private record Part(LoraProduct product, double strength) {}

    private static Map<Adaptable, List<Part>> parts(List<LoraFit> fits, List<Use> uses) {
        Map<Adaptable, List<Part>> byLayer = new LinkedHashMap<>();
        for (int i = 0; i < fits.size(); i++) {
            Use use = uses.get(i);
            fits.get(i).products().forEach((product, layer) -> {
                double strength = use.strengthOf(product);
                if (strength != 0) {
                    byLayer.computeIfAbsent(layer, key -> new ArrayList<>()).add(new Part(product, strength));
                }
            });
        }
        return byLayer;
    }

    private static LoraView beside(
            Map<Adaptable, List<Part>> byLayer, List<LoraChoice> choices, List<LoraApplied> applied) {
        List<Tensor> owned = new ArrayList<>();
        try {
            Map<Adaptable, WeightChange> changes = new HashMap<>();
            byLayer.forEach((layer, parts) -> TensorScope.run(() -> changes.put(layer, change(layer, parts, owned))));
            return new LoraView(new ActiveProducts(changes), owned, choices, applied);
        } catch (Throwable e) {
            owned.forEach(Tensor::close);
            throw e;
        }
    }

    private static WeightChange change(Adaptable layer, List<Part> parts, List<Tensor> owned) {
        try (NoGradGuard guard = new NoGradGuard()) {
            LoraSum sum = new LoraSum(() -> layer.plainWeight().to(ScalarType.Float));
            parts.forEach(part -> sum.add(part.product, part.strength));
            return sum.owned(layer.weight(), owned);
        }
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

    /** What the products take of the memory of the networks' device, in bytes. */
    public long bytes() {
        return bytes;
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
