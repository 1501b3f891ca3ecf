// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.unet2dcondition;

import dev.diffusion4j.base.InvalidArgument;
import dev.diffusion4j.base.Nearest;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Records;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Keys of a {@code config.json} that are no part of {@link UNet2DConditionConfig}: some have one supported value, the others are refused. */
final class FixedKeys {
    /** The value that is supported, which diffusers takes where a key is absent. */
    private static final Map<String, @Nullable Object> SUPPORTED = supported();

    /** How a network's weights were averaged, which diffusers' {@code EMAModel} writes beside the network's own keys. */
    private static final Set<String> OF_AVERAGING = Set.of(
            "decay", "inv_gamma", "min_decay", "optimization_step", "power", "update_after_step", "use_ema_warmup");

    private FixedKeys() {}

    private static Map<String, @Nullable Object> supported() {
        Map<String, @Nullable Object> values = new HashMap<>();
        values.put(
                "num_attention_heads", null); // diffusers takes attention_head_dim for it, and refuses any other value
        values.put("dual_cross_attention", false);
        values.put("resnet_skip_time_act", false);
        values.put("resnet_out_scale_factor", 1.0);
        values.put("time_embedding_type", "positional");
        values.put("attention_type", "default");
        values.put("mid_block_only_cross_attention", null);
        values.put("cross_attention_norm", null);
        return values;
    }

    /** @throws IllegalArgumentException naming the first key whose value would change the network in a way that is not implemented */
    static void check(Map<String, @Nullable Object> rest, String where) {
        rest.forEach((key, value) -> {
            if (SUPPORTED.containsKey(key)) {
                Object supported = SUPPORTED.get(key);
                if (!isSame(value, supported)) {
                    throw new InvalidArgument(where + ": " + key + " " + Json.describe(value)
                            + " is not supported, only " + Json.describe(supported));
                }
            } else if (value != null && !OF_AVERAGING.contains(key)) {
                List<String> known = new ArrayList<>(Records.keys(UNet2DConditionConfig.class));
                known.addAll(SUPPORTED.keySet());
                throw new InvalidArgument(where + ": the key '" + key + "' is not supported" + Nearest.hint(key, known)
                        + ", and the network might be another one without it");
            }
        });
    }

    /** Where nothing is the default, no is nothing too. */
    private static boolean isSame(@Nullable Object value, @Nullable Object supported) {
        if (supported instanceof Double number) {
            return value instanceof Number other && other.doubleValue() == number;
        }
        return Objects.equals(value, supported) || supported == null && Boolean.FALSE.equals(value);
    }
}
