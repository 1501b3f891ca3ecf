// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.layer.Adaptable;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.tensor.Shapes;
import dev.diffusion4j.tensor.TensorScope;
import java.nio.file.Path;
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
    private static final int NAMED = 3;

    /**
     * @param networks by the part of the pipeline that each is; names without a part mean the denoiser
     * @throws Problem (a failure) where a part that is there lacks a layer or has it in another shape, or no product is of any part
     *     that is there
     */
    static LoraFit of(LoraAdapter adapter, Map<LoraComponent, ? extends Model> networks) {
        return TensorScope.compute(() -> new Search(adapter, networks).fit());
    }

    /** The first few names, and how many there are besides. */
    static String some(List<String> names) {
        String more = names.size() > NAMED ? " and " + (names.size() - NAMED) + " more" : "";
        return String.join(", ", names.subList(0, Math.min(NAMED, names.size()))) + more;
    }

    /** One adapter compared with the networks. */
    private static final class Search {
        private final LoraAdapter adapter;
        private final Path file;
        private final LoraComponent main;
        private final Map<LoraComponent, LoraNames> networks = new EnumMap<>(LoraComponent.class);
        private final Map<LoraProduct, Adaptable> found = new LinkedHashMap<>();
        private final Map<Adaptable, String> seen = new LinkedHashMap<>();
        private final List<String> missing = new ArrayList<>();
        private final List<String> misfits = new ArrayList<>();
        private final List<String> strangers = new ArrayList<>();
        private final Map<String, Integer> elsewhere = new TreeMap<>();

        Search(LoraAdapter adapter, Map<LoraComponent, ? extends Model> networks) {
            this.adapter = adapter;
            this.file = adapter.file();
            networks.forEach((component, network) -> this.networks.put(component, new LoraNames(network)));
            this.main = this.networks.keySet().iterator().next();
        }

        LoraFit fit() {
            adapter.products().forEach(this::place);
            refuse();
            int applied = found.keySet().stream().mapToInt(LoraProduct::keys).sum();
            return new LoraFit(found, new LoraApplied(file, applied, adapter.keys(), elsewhere));
        }

        private void place(LoraProduct product) {
            LoraComponent named = product.name().component();
            LoraComponent component = named == null ? main : named;
            LoraNames names = networks.get(component);
            if (names == null) {
                strangers.add(product.name().text());
                elsewhere.merge(component.key(), product.keys(), Integer::sum);
                return;
            }
            String layer = names.layer(product.name()).orElse(null);
            if (layer == null) {
                missing.add(product.name().text());
            } else {
                place(product, layer, names.get(layer));
            }
        }

        private void place(LoraProduct product, String name, Adaptable layer) {
            @Nullable String before = seen.put(layer, product.name().text());
            if (before != null) {
                throw Problem.failure(file + " holds the layer " + name + " twice, as " + before + " and as "
                        + product.name().text());
            }
            if (product.fits(layer.weight())) {
                found.put(product, layer);
            } else {
                misfits.add(name + " " + product.shapes() + " beside " + Shapes.text(layer.weight()));
            }
        }

        private void refuse() {
            int all = adapter.size() - strangers.size();
            if (all == 0) {
                throw Problem.failure(file + ": applied none of its " + adapter.keys() + " keys: they are of "
                        + String.join(", ", elsewhere.keySet()) + " (" + some(strangers)
                        + "), which this model does not have");
            }
            if (!missing.isEmpty()) {
                int there = all - missing.size();
                throw Problem.failure(file + ": " + (there == 0 ? "none" : there) + " of its " + all
                        + " LoRA layers " + (there == 1 ? "is" : "are") + " in this network; not there: "
                        + some(missing) + ": it was made for another model");
            }
            if (!misfits.isEmpty()) {
                throw Problem.failure(file + ": " + misfits.size() + " of its " + all
                        + " LoRA layers have another shape than this network's (" + some(misfits)
                        + "): it was made for another model");
            }
        }
    }
}
