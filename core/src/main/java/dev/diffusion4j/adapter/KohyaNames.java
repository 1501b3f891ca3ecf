// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Names of layers as kohya's scripts write them, with a low line for each dot, and back: the names of diffusers' U-Nets and CLIP's text
 * encoders have words with low lines of their own, which are known here.
 */
final class KohyaNames {
    private static final String TEXT_MODEL = "text_model";

    /** Those of Stable Diffusion's original code, which XL's files have; what layer they are follows from the network alone. */
    private static final List<String> ORIGINAL =
            List.of("input_blocks", "output_blocks", "middle_block", "time_embed_", "label_emb");

    private static final List<List<String>> WORDS = List.of(
                    "down_blocks",
                    "up_blocks",
                    "mid_block",
                    "transformer_blocks",
                    "time_embedding",
                    "add_embedding",
                    "time_emb_proj",
                    "linear_1",
                    "linear_2",
                    "conv_in",
                    "conv_out",
                    "conv_shortcut",
                    "proj_in",
                    "proj_out",
                    "to_q",
                    "to_k",
                    "to_v",
                    "to_out",
                    TEXT_MODEL,
                    "self_attn",
                    "q_proj",
                    "k_proj",
                    "v_proj",
                    "out_proj",
                    "text_projection",
                    "visual_projection",
                    "token_embedding",
                    "position_embedding")
            .stream()
            .map(word -> List.of(word.split("_")))
            .toList();

    private KohyaNames() {}

    /**
     * {@code lora_unet_mid_block_attentions_0_proj_in} of a layer's dotted name.
     *
     * @param hasSecondText whether the file is also of a second text encoder, so that the first is numbered
     */
    static String flat(LoraComponent part, String layer, boolean hasSecondText) {
        String whole = part.isText() && !layer.startsWith(TEXT_MODEL) && !layer.startsWith("text_projection")
                ? TEXT_MODEL + "." + layer
                : layer;
        return part.flat(hasSecondText) + "_" + whole.replace('.', '_');
    }

    /** The dotted name of a layer, of its name without {@code lora_unet_}; empty where it is one of the original code's. */
    static Optional<String> dotted(String flat) {
        if (ORIGINAL.stream().anyMatch(flat::startsWith) || flat.matches("out_\\d")) {
            return Optional.empty();
        }
        List<String> parts = Arrays.asList(flat.split("_"));
        List<String> names = new ArrayList<>();
        for (int at = 0; at < parts.size(); ) {
            int length = length(parts.subList(at, parts.size()));
            names.add(String.join("_", parts.subList(at, at + length)));
            at += length;
        }
        return Optional.of(String.join(".", names));
    }

    /** How many parts the first word takes: the longest that is known, else one. */
    private static int length(List<String> parts) {
        return WORDS.stream()
                .filter(word -> word.size() <= parts.size()
                        && parts.subList(0, word.size()).equals(word))
                .mapToInt(List::size)
                .max()
                .orElse(1);
    }
}
