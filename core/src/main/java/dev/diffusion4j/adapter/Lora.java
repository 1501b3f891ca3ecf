// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.layer.Adaptable;
import dev.diffusion4j.layer.BatchNorm2d;
import dev.diffusion4j.layer.Init;
import dev.diffusion4j.layer.Layer;
import dev.diffusion4j.layer.LowRank;
import dev.diffusion4j.tensor.RandomStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/** Low-rank products in a network: Hu et al. (2021), LoRA. */
public final class Lora {
    private Lora() {}

    /**
     * Puts a product beside each layer that is meant; what the network does stays the same, since B is zero.
     *
     * @param random A is drawn from it, in the order of the layers
     * @return the layers' names
     * @throws Problem (a wrong request) where no layer matches, or one has a product already; nothing is changed then
     */
    public static List<String> inject(Layer network, LoraConfig config, RandomStream random) {
        Map<String, Adaptable> all = Adaptable.in(network);
        List<String> names = all.keySet().stream().filter(config::isTarget).toList();
        if (names.isEmpty()) {
            throw Problem.request("lora.targets " + config.targets() + " names no layer of this network; its "
                    + all.size() + " Linear and Conv2d layers are named such as " + examples(all));
        }
        all.forEach((name, layer) -> {
            if (layer.lora().isPresent()) {
                throw Problem.request("this network has a LoRA already (at " + name
                        + "): merge it or take it out before another is injected");
            }
        });
        try (NoGradGuard guard = new NoGradGuard()) {
            for (String name : names) {
                LowRank product = layer(all, name).inject(config.rank(), config.scale(), config.dropout());
                config.init().fill(product.down(), random);
                Init.fill(product.up(), 0);
            }
        }
        return names;
    }

    private static Adaptable layer(Map<String, Adaptable> all, String name) {
        return java.util.Objects.requireNonNull(all.get(name));
    }

    private static String examples(Map<String, Adaptable> all) {
        List<String> names = List.copyOf(all.keySet());
        int last = names.size() - 1;
        return String.join(", ", names.stream().limit(3).toList()) + (last > 3 ? ", … " + names.get(last) : "");
    }

    /** Whether there is a product anywhere. */
    public static boolean isIn(Layer network) {
        return Adaptable.in(network).values().stream()
                .anyMatch(layer -> layer.lora().isPresent());
    }

    /** The products' tensors, {@code NAME.lora_A.weight} and {@code NAME.lora_B.weight}; borrowed. */
    public static Map<String, Tensor> weights(Layer network) {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        Adaptable.in(network).forEach((name, layer) -> layer.lora().ifPresent(product -> {
            weights.put(name + ".lora_A.weight", product.down());
            weights.put(name + ".lora_B.weight", product.up());
        }));
        return weights;
    }

    /** The norms of batches use their running statistics, and leave them, from now on: what is fixed stays fixed. */
    public static void freezeStatistics(Layer network) {
        BatchNorm2d.in(network).forEach(BatchNorm2d::freezeStatistics);
    }

    /** Adds all products to the weights beside them. */
    public static void merge(Layer network) {
        Adaptable.in(network).values().forEach(Adaptable::merge);
    }

    /** Takes all products out of the weights again. */
    public static void unmerge(Layer network) {
        Adaptable.in(network).values().forEach(Adaptable::unmerge);
    }

    /** Frees all products; what is merged stays in the weights. */
    public static void eject(Layer network) {
        Adaptable.in(network).values().forEach(Adaptable::eject);
    }
}
