// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The settings of peft's {@code LoraConfig}, {@code LoHaConfig} and {@code LoKrConfig} (0.21.2) under which an adapter is what its tensors say and no more: a sum with the base's weights, or a DoRA.
 * Any other setting, and any key that is not known here and is not off, is refused by name: it may change the base or the forward
 * pass.
 */
final class PeftSettings {
    private static final String LOHA = "LOHA";
    private static final String LOKR = "LOKR";

    /** What is read elsewhere, says where the adapter comes from, or matters to its training alone. */
    private static final Set<String> ANY = Set.of(
            "alpha_pattern",
            "auto_mapping",
            "base_model_name_or_path",
            "corda_config",
            "eva_config",
            "exclude_modules",
            "inference_mode",
            "layers_pattern",
            "layers_to_transform",
            "loftq_config",
            "lora_alpha",
            "lora_dropout",
            "lora_ga_config",
            "megatron_core",
            "peft_version",
            "qalora_group_size",
            "r",
            "rank_pattern",
            "revision",
            "runtime_config",
            "target_modules",
            "task_type");

    /** The same of LoHa and LoKr alone: the tensors say how they are put together. */
    private static final Set<String> ANY_LYCORIS = Set.of(
            "alpha",
            "decompose_both",
            "decompose_factor",
            "init_weights",
            "module_dropout",
            "rank_dropout",
            "rank_dropout_scale",
            "use_effective_conv2d");

    /** How A and B begin without a change of the base. */
    private static final List<Object> PLAIN_STARTS =
            List.of(true, false, "gaussian", "Gaussian", "eva", "orthogonal", "mica");

    private static final Map<String, List<Object>> CHOICES = Map.of(
            "bias", List.of("none"),
            "init_lora_weights", PLAIN_STARTS,
            "peft_type", List.of("LORA", LOHA, LOKR),
            "use_dora", List.of(true, false),
            "use_rslora", List.of(true, false));

    private PeftSettings() {}

    /** Whether an adapter is a LoHa or a LoKr, whose alpha is called so. */
    static boolean isLycoris(Map<String, @Nullable Object> config) {
        return LOHA.equals(config.get("peft_type")) || isKronecker(config);
    }

    /** Whether it is a LoKr, which multiplies by alpha / r also where its tensors have no rank. */
    static boolean isKronecker(Map<String, @Nullable Object> config) {
        return LOKR.equals(config.get("peft_type"));
    }

    /**
     * @param where the file, for the message
     * @throws Problem (a failure) naming the first setting that is not among those above
     */
    static void check(Map<String, @Nullable Object> config, String where) {
        config.forEach((key, value) -> {
            if (!isPlain(key, value) && !(isLycoris(config) && ANY_LYCORIS.contains(key))) {
                throw refusal(key, value, where);
            }
        });
    }

    private static boolean isPlain(String key, @Nullable Object value) {
        if (value == null || ANY.contains(key)) {
            return true;
        }
        List<Object> choices = CHOICES.get(key);
        return choices != null ? choices.contains(value) : isOff(value);
    }

    private static boolean isOff(Object value) {
        return value.equals(false)
                || value instanceof Collection<?> list && list.isEmpty()
                || value instanceof Map<?, ?> map && map.isEmpty();
    }

    private static Problem refusal(String key, @Nullable Object value, String where) {
        String text = value instanceof String string ? string : Json.compact(value);
        if (key.equals("peft_type")) {
            return Problem.failure(
                    where + ": peft_type is " + text + ", but only LORA, LOHA and LOKR adapters can be applied");
        }
        if (key.equals("init_lora_weights")) {
            return Problem.failure(where + ": init_lora_weights is " + text
                    + ", which may change the weights of the base: convert the adapter by peft's"
                    + " save_pretrained(path_initial_model_for_weight_conversion=…), and give the result");
        }
        return Problem.failure(where + ": " + key + " is " + text
                + ", which is not supported: this adapter would be drawn wrong and cannot be applied");
    }
}
