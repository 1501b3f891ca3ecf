// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a tensor of an adapter's file is to its layer, by the end of its name. */
enum LoraPart {
    DOWN("(\\.lora_A(\\.\\w+)?|\\.lora\\.down|\\.lora_down|_lora\\.down|\\.lora_linear_layer\\.down)\\.weight"),
    UP("(\\.lora_B(\\.\\w+)?|\\.lora\\.up|\\.lora_up|_lora\\.up|\\.lora_linear_layer\\.up)\\.weight"),
    MID("\\.lora_mid\\.weight"),
    ALPHA("(\\.lora|_lora|\\.lora_linear_layer)?\\.alpha"),
    /** peft's length of each row of the weight. */
    MAGNITUDE("\\.lora_magnitude_vector(\\.\\w+)?"),
    /** LyCORIS' length of each row, (out, 1 …), or of each column, (1, in …). */
    DORA_SCALE("\\.dora_scale"),
    HADA_W1_A("\\.hada_w1_a"),
    HADA_W1_B("\\.hada_w1_b"),
    HADA_T1("\\.hada_t1"),
    HADA_W2_A("\\.hada_w2_a"),
    HADA_W2_B("\\.hada_w2_b"),
    HADA_T2("\\.hada_t2"),
    LOKR_W1("\\.lokr_w1"),
    LOKR_W1_A("\\.lokr_w1_a"),
    LOKR_W1_B("\\.lokr_w1_b"),
    LOKR_W2("\\.lokr_w2"),
    LOKR_W2_A("\\.lokr_w2_a"),
    LOKR_W2_B("\\.lokr_w2_b"),
    LOKR_T2("\\.lokr_t2");

    /** What any kind of adapter may have beside the tensors of its ΔW. */
    static final Set<LoraPart> BESIDE = Set.of(ALPHA, MAGNITUDE, DORA_SCALE);

    private final Pattern pattern;

    LoraPart(String end) {
        this.pattern = Pattern.compile("(.+?)" + end);
    }

    /** The layer's name; empty where {@code tensor} is another part, or none. */
    Optional<String> layer(String tensor) {
        Matcher matcher = pattern.matcher(tensor);
        return matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
    }

    /** As it is written in messages. */
    String text() {
        return switch (this) {
            case DOWN -> "lora_down";
            case UP -> "lora_up";
            case MID -> "lora_mid";
            case MAGNITUDE -> "lora_magnitude_vector";
            default -> name().toLowerCase(java.util.Locale.ROOT);
        };
    }
}
