// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What diffusers called the maps of attention over pixels in 2022, and today's names. */
public final class OldAttentionNames {
    private static final Pattern OLD =
            Pattern.compile("(.*attentions\\.\\d+\\.)(query|key|value|proj_attn)(\\.(?:weight|bias))");
    private static final Map<String, String> NOW =
            Map.of("query", "to_q", "key", "to_k", "value", "to_v", "proj_attn", "to_out.0");

    private OldAttentionNames() {}

    /** Today's name of a weight; others are returned as they are. */
    public static String current(String name) {
        Matcher old = OLD.matcher(name);
        return old.matches() ? old.group(1) + NOW.get(old.group(2)) + old.group(3) : name;
    }
}
