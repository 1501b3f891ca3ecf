// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.unet2d;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Spellings of weight names in checkpoints of 2022, and today's. */
final class UNet2DWeightNames {
    private static final Pattern OLD =
            Pattern.compile("(.*attentions\\.\\d+\\.)(query|key|value|proj_attn)(\\.(?:weight|bias))");
    private static final Map<String, String> NOW =
            Map.of("query", "to_q", "key", "to_k", "value", "to_v", "proj_attn", "to_out.0");

    private UNet2DWeightNames() {}

    static String current(String name) {
        Matcher old = OLD.matcher(name);
        return old.matches() ? old.group(1) + NOW.get(old.group(2)) + old.group(3) : name;
    }
}
