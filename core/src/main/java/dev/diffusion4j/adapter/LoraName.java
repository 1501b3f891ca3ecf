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

    /** A tensor of a layer's change. */
    record Tensor(LoraName name, LoraPart part) {}

    private static final Pattern OLD_OUT = Pattern.compile("(.+)\\.processor\\.to_out");
    private static final Pattern OLD_TEXT = Pattern.compile("(.+\\.self_attn)\\.to_(q|k|v|out)");
    private static final String PEFT = "base_model.model.";

    /** What a tensor's name says; empty where it is no part of an adapter that can be applied. */
    static Optional<Tensor> parse(String tensor) {
        for (LoraPart part : LoraPart.values()) {
            Optional<String> layer = part.layer(tensor);
            if (layer.isPresent()) {
                return Optional.of(new Tensor(of(plain(layer.get())), part));
            }
        }
        return Optional.empty();
    }

    /** Whether it is of that part of a pipeline; where the file does not say, it is the denoiser's. */
    boolean isOf(LoraComponent part) {
        return component == null ? part == LoraComponent.UNET : component == part;
    }

    private static String plain(String layer) {
        String name = layer.startsWith(PEFT) ? layer.substring(PEFT.length()) : layer;
        Matcher out = OLD_OUT.matcher(name);
        if (out.matches()) {
            return out.group(1) + ".to_out.0";
        }
        Matcher text = OLD_TEXT.matcher(name);
        return text.matches() ? text.group(1) + "." + text.group(2) + "_proj" : name.replace(".processor.", ".");
    }

    private static LoraName of(String text) {
        LoraComponent component = LoraComponent.of(text).orElse(null);
        return new LoraName(
                text, component, component == null ? text : component.rest(text).orElseThrow());
    }
}
