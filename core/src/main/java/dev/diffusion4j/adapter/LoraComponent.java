// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import dev.diffusion4j.base.Keyed;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A part of a pipeline that a LoRA's file may hold products for: a line each, denoisers first. */
public enum LoraComponent implements Keyed {
    UNET("unet", "lora_unet"),
    TRANSFORMER("transformer", "lora_transformer"),
    TEXT_ENCODER("text_encoder", "lora_te", "lora_te1"),
    TEXT_ENCODER_2("text_encoder_2", "lora_te2"),
    TEXT_ENCODER_3("text_encoder_3", "lora_te3");

    private final String key;
    private final List<String> flat;

    /**
     * @param key the component's name in diffusers, with a dot before a layer's name
     * @param flat kohya's names for it, with a low line before a layer's name
     */
    LoraComponent(String key, String... flat) {
        this.key = key;
        this.flat = List.of(flat);
    }

    @Override
    public String key() {
        return key;
    }

    /** kohya's name for it. */
    String flat(boolean hasSecondText) {
        return flat.get(this == TEXT_ENCODER && hasSecondText ? 1 : 0);
    }

    /** Whether it is a text encoder. */
    boolean isText() {
        return this == TEXT_ENCODER || this == TEXT_ENCODER_2 || this == TEXT_ENCODER_3;
    }

    /** The component that a part of a pipeline's folder is; empty where adapters know no such part. */
    public static Optional<LoraComponent> ofPart(String name) {
        return Stream.of(values())
                .filter(component -> component.key.equals(name))
                .findFirst();
    }

    /** The component whose name a layer's name in a file begins with. */
    static Optional<LoraComponent> of(String fileName) {
        return Stream.of(values())
                .filter(component -> component.rest(fileName).isPresent())
                .findFirst();
    }

    /** A layer's dotted name without {@code unet.}, or kohya's without {@code lora_unet_}; empty where it begins with neither. */
    Optional<String> rest(String fileName) {
        return Stream.concat(Stream.of(key + "."), flat.stream().map(name -> name + "_"))
                .filter(fileName::startsWith)
                .findFirst()
                .map(prefix -> fileName.substring(prefix.length()));
    }
}
