// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The name of a layer in an adapter's file, as peft, diffusers (old and new) and kohya's scripts write it.
 *
 * @param text as the file has it, but for peft's prefix and diffusers' processors
 * @param component the part of a pipeline that it is of; {@code null} where the file does not say
 * @param layer the layer's name within that part: dotted, or kohya's with low lines
 */
record LoraName(String text, @Nullable LoraComponent component, String layer) {
    /** What a tensor of an adapter's file is. */
    enum Part {
        DOWN,
        UP,
        ALPHA
    }

    /** A tensor of a layer's low-rank product. */
    record Tensor(LoraName name, Part part) {}

    private static final Pattern DOWN = Pattern.compile(
            "(.+?)(\\.lora_A(\\.\\w+)?|\\.lora\\.down|\\.lora_down|_lora\\.down|\\.lora_linear_layer\\.down)\\.weight");
    private static final Pattern UP = Pattern.compile(
            "(.+?)(\\.lora_B(\\.\\w+)?|\\.lora\\.up|\\.lora_up|_lora\\.up|\\.lora_linear_layer\\.up)\\.weight");
    private static final Pattern ALPHA = Pattern.compile("(.+)\\.alpha");
    private static final Pattern OLD_OUT = Pattern.compile("(.+)\\.processor\\.to_out");
    private static final String PEFT = "base_model.model.";

    /** What a tensor's name says; empty where it is no part of a low-rank product. */
    static Optional<Tensor> parse(String tensor) {
        for (Part part : Part.values()) {
            Matcher matcher = (part == Part.DOWN ? DOWN : part == Part.UP ? UP : ALPHA).matcher(tensor);
            if (matcher.matches()) {
                return Optional.of(new Tensor(of(plain(matcher.group(1))), part));
            }
        }
        return Optional.empty();
    }

    private static String plain(String layer) {
        String name = layer.startsWith(PEFT) ? layer.substring(PEFT.length()) : layer;
        Matcher out = OLD_OUT.matcher(name);
        return out.matches() ? out.group(1) + ".to_out.0" : name.replace(".processor.", ".");
    }

    private static LoraName of(String text) {
        LoraComponent component = LoraComponent.of(text).orElse(null);
        return new LoraName(
                text, component, component == null ? text : component.rest(text).orElseThrow());
    }
}
