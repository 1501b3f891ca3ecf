// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.layer.Adaptable;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.tensor.Shapes;
import dev.diffusion4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Which layer of which network each product of an adapter belongs to.
 *
 * @param products each with its layer
 */
record LoraFit(Map<LoraProduct, Adaptable> products, LoraApplied applied) {

    /**
     * @param networks by the part of the pipeline that each is; names without a part mean the denoiser
     * @throws Problem (a failure) where a layer has another shape, or nothing is of any layer that is there
     */
    static LoraFit of(LoraAdapter adapter, Map<LoraComponent, ? extends Model> networks) {
        LoraComponent main = new EnumMap<>(networks).keySet().iterator().next();
        return TensorScope.compute(
                () -> new Search(adapter, networks, main).fit().checked());
    }

    /**
     * To one part of a pipeline whose other parts are looked at on their own; there may be nothing for it.
     *
     * @throws Problem (a failure) where a layer has another shape
     */
    static LoraFit ofPart(LoraAdapter adapter, LoraComponent part, Model network) {
        return TensorScope.compute(() -> new Search(adapter, Map.of(part, network), LoraComponent.UNET).fit());
    }

    private LoraFit checked() {
        return new LoraFit(products, applied.checked());
    }

    /** One adapter compared with the networks. */
    private static final class Search {
        private final LoraAdapter adapter;
        private final LoraComponent main;
        private final Map<LoraComponent, LoraNames> networks = new EnumMap<>(LoraComponent.class);
        private final Map<LoraProduct, Adaptable> found = new LinkedHashMap<>();
        private final Map<Adaptable, String> seen = new LinkedHashMap<>();
        private final List<String> misfits = new ArrayList<>();
        private final Map<String, LoraUnused> elsewhere = new TreeMap<>();
        private LoraUnused missing = LoraUnused.NONE;

        Search(LoraAdapter adapter, Map<LoraComponent, ? extends Model> networks, LoraComponent main) {
            this.adapter = adapter;
            this.main = main;
            networks.forEach((component, network) -> this.networks.put(component, new LoraNames(network)));
        }

        LoraFit fit() {
            adapter.products().forEach(this::place);
            refuseMisfits();
            int applied = found.keySet().stream().mapToInt(LoraProduct::keys).sum();
            return new LoraFit(found, new LoraApplied(adapter.file(), applied, adapter.keys(), elsewhere, missing));
        }

        private void place(LoraProduct product) {
            LoraComponent named = product.name().component();
            LoraComponent component = named == null ? main : named;
            LoraNames names = networks.get(component);
            if (names == null) {
                elsewhere.merge(component.key(), LoraUnused.of(product), LoraUnused::and);
                return;
            }
            String layer = names.layer(product.name()).orElse(null);
            if (layer == null) {
                missing = missing.and(LoraUnused.of(product));
            } else {
                place(product, layer, names.get(layer));
            }
        }

        private void place(LoraProduct product, String name, Adaptable layer) {
            @Nullable String before = seen.put(layer, product.name().text());
            if (before != null) {
                throw Problem.failure(adapter.file() + " holds the layer " + name + " twice, as " + before + " and as "
                        + product.name().text());
            }
            if (product.fits(layer.weight())) {
                found.put(product, layer);
            } else {
                misfits.add(name + " " + product.shapes() + " beside " + Shapes.text(layer.weight()));
            }
        }

        private void refuseMisfits() {
            if (!misfits.isEmpty()) {
                int there = found.size() + misfits.size();
                throw Problem.failure(adapter.file() + ": " + misfits.size() + " of its " + there
                        + " LoRA layers have another shape than this model's (" + LoraUnused.some(misfits)
                        + "): it was made for another model");
            }
        }
    }
}
