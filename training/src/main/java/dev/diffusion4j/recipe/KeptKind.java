// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import java.util.Arrays;
import java.util.Map;

/** What is computed of the data before a training, and kept. */
enum KeptKind {
    /** Of the pictures, by the autoencoder. */
    LATENTS(
            "latents",
            "moments",
            "latents",
            "pictures",
            Map.of(
                    "data",
                    "other data",
                    "autoencoder",
                    "another autoencoder",
                    "scaling_factor",
                    "an autoencoder with another scaling_factor",
                    "prepared",
                    "pictures prepared otherwise")),
    /** Of the captions, by the text encoders. */
    TEXT_STATES(
            "text_states",
            "states",
            "text states",
            "captions",
            Map.of(
                    "captions",
                    "other captions",
                    "text_encoder",
                    "another text encoder",
                    "stored",
                    "a text encoder that was stored otherwise",
                    "size",
                    "pictures of another size"));

    static final String SUFFIX = ".safetensors";

    private final String key;
    private final String tensor;
    private final String noun;
    private final String source;
    private final Map<String, String> others;

    KeptKind(String key, String tensor, String noun, String source, Map<String, String> others) {
        this.key = key;
        this.tensor = tensor;
        this.noun = noun;
        this.source = source;
        this.others = others;
    }

    /** How the names of its files begin. */
    String prefix() {
        return key.replace('_', '-') + "-";
    }

    /** The recipe's setting. */
    String setting() {
        return "data." + key;
    }

    /** The name of the numbers in its file. */
    String tensor() {
        return tensor;
    }

    /** What the numbers are called. */
    String noun() {
        return noun;
    }

    /** What they are of. */
    String source() {
        return source;
    }

    /** What a file is of in which a mark is another one. */
    String other(String mark) {
        return others.getOrDefault(mark, source + " in another number or of another size");
    }

    /** Whether a file holds rows of any kind, whole or begun. */
    static boolean isAnyName(String file) {
        return Arrays.stream(values()).anyMatch(kind -> file.startsWith(kind.prefix()));
    }

    /** Whether a file holds such rows, or did when it was begun. */
    boolean isNameOf(String file, String ending) {
        return file.startsWith(prefix()) && file.endsWith(SUFFIX + ending);
    }
}
