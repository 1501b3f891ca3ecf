// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import dev.diffusion4j.layer.Adaptable;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.unet2dcondition.OriginalUNet;
import dev.diffusion4j.model.unet2dcondition.UNet2DConditionModel;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The layers of a network under the names that adapters' files have for them: its own, and for Stable Diffusion's denoiser also those of
 * the original code ({@code input_blocks.4.1…}), which kohya's scripts use for XL.
 */
final class LoraNames {
    private static final String WEIGHT = ".weight";
    private static final String WRAPPED = "model.";

    private final Model network;
    private final Map<String, Adaptable> layers;
    private final Map<String, String> originals = new HashMap<>();
    private final Map<String, String> flat = new HashMap<>();

    LoraNames(Model network) {
        this.network = network;
        this.layers = Adaptable.in(network);
        if (network instanceof UNet2DConditionModel) {
            OriginalUNet.ofDiffusers(network.stateDict().keySet())
                    .map(OriginalUNet::names)
                    .ifPresent(names -> layers.keySet().forEach(name -> names.first(name + WEIGHT)
                            .ifPresent(original -> originals.put(withoutWeight(original), name))));
        }
        originals.forEach((original, name) -> flat.put(original.replace('.', '_'), name));
        layers.keySet().forEach(name -> flat.put(name.replace('.', '_'), name));
    }

    /** The network's own name for a layer; empty where it has no such layer. */
    Optional<String> layer(LoraName name) {
        return dotted(name.layer())
                .or(() -> name.layer().startsWith(WRAPPED)
                        ? dotted(name.layer().substring(WRAPPED.length()))
                        : Optional.empty())
                .or(() -> name.component() == null ? Optional.empty() : Optional.ofNullable(flat.get(name.layer())));
    }

    private Optional<String> dotted(String layer) {
        String name = withoutWeight(network.weightName(layer + WEIGHT));
        return layers.containsKey(name) ? Optional.of(name) : Optional.ofNullable(originals.get(layer));
    }

    private static String withoutWeight(String tensor) {
        return tensor.endsWith(WEIGHT) ? tensor.substring(0, tensor.length() - WEIGHT.length()) : tensor;
    }

    Adaptable get(String name) {
        return java.util.Objects.requireNonNull(layers.get(name));
    }
}
