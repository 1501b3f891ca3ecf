// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import dev.diffusion4j.layer.Adaptable;
import dev.diffusion4j.model.Model;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The names that peft, diffusers (old and new) and kohya's scripts give to a layer's low-rank product. */
final class LoraNames {
    /** What a tensor of an adapter's file is. */
    enum Part {
        DOWN,
        UP,
        ALPHA
    }

    /** @param layer as the file names it */
    record Name(String layer, Part part) {}

    private static final Pattern DOWN = Pattern.compile(
            "(.+?)(\\.lora_A(\\.\\w+)?|\\.lora\\.down|\\.lora_down|_lora\\.down|\\.lora_linear_layer\\.down)\\.weight");
    private static final Pattern UP = Pattern.compile(
            "(.+?)(\\.lora_B(\\.\\w+)?|\\.lora\\.up|\\.lora_up|_lora\\.up|\\.lora_linear_layer\\.up)\\.weight");
    private static final Pattern ALPHA = Pattern.compile("(.+)\\.alpha");
    private static final Pattern OLD_OUT = Pattern.compile("(.+)\\.processor\\.to_out");
    private static final List<String> PREFIXES = List.of("", "unet.", "model.");

    private final Map<String, String> flat = new LinkedHashMap<>();
    private final Map<String, Adaptable> layers;
    private final Model network;

    LoraNames(Model network) {
        this.network = network;
        this.layers = Adaptable.in(network);
        layers.keySet().forEach(name -> flat.put("lora_unet_" + name.replace('.', '_'), name));
    }

    /** What a tensor's name says; empty where it is no part of a low-rank product. */
    static Optional<Name> parse(String tensor) {
        for (Part part : Part.values()) {
            Matcher matcher = (part == Part.DOWN ? DOWN : part == Part.UP ? UP : ALPHA).matcher(tensor);
            if (matcher.matches()) {
                return Optional.of(new Name(plain(matcher.group(1)), part));
            }
        }
        return Optional.empty();
    }

    private static String plain(String layer) {
        String name = layer.startsWith("base_model.model.") ? layer.substring("base_model.model.".length()) : layer;
        Matcher out = OLD_OUT.matcher(name);
        return out.matches() ? out.group(1) + ".to_out.0" : name.replace(".processor.", ".");
    }

    /** The network's own name for a layer; empty where it has no such layer. */
    Optional<String> layer(String fileName) {
        for (String prefix : PREFIXES) {
            if (fileName.startsWith(prefix)) {
                String own = network.weightName(fileName.substring(prefix.length()) + ".weight");
                String name = own.endsWith(".weight") ? own.substring(0, own.length() - ".weight".length()) : own;
                if (layers.containsKey(name)) {
                    return Optional.of(name);
                }
            }
        }
        return Optional.ofNullable(flat.get(fileName));
    }

    Adaptable get(String name) {
        return java.util.Objects.requireNonNull(layers.get(name));
    }
}
