// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Notes of pictures that were drawn before a request had groups: their keys lay side by side. */
final class OldNotes {
    private static final Map<String, List<String>> GROUPS = Map.of(
            "subject", List.of("classes", "prompts"),
            "canvas", List.of("size", "count", "seed", "batch_size", "noise"),
            "sampling", List.of("steps", "eta"));

    private OldNotes() {}

    /** The same note with a request in groups; unchanged where it has them already. */
    static Map<String, @Nullable Object> upgraded(Map<String, ? extends @Nullable Object> note) {
        Map<String, @Nullable Object> all = new LinkedHashMap<>(note);
        if (all.get("request") instanceof Map<?, ?> request && request.containsKey("count")) {
            all.put("request", grouped(request));
        }
        return all;
    }

    private static Map<String, @Nullable Object> grouped(Map<?, ?> flat) {
        Map<String, Map<String, @Nullable Object>> groups = new LinkedHashMap<>();
        GROUPS.forEach((group, keys) -> {
            Map<String, @Nullable Object> own = new LinkedHashMap<>();
            keys.stream().filter(flat::containsKey).forEach(key -> own.put(key, flat.get(key)));
            groups.put(group, own);
        });
        if (flat.containsKey("step_options")) {
            at(groups, "sampling").put("options", flat.get("step_options"));
        }
        if (flat.get("guidance") instanceof Map<?, ?> guidance) {
            Map<String, @Nullable Object> own = new LinkedHashMap<>();
            guidance.forEach((key, value) -> own.put(String.valueOf(key), value));
            at(groups, "subject").put("negative_class", own.remove("negative_class"));
            groups.put("guidance", own);
        }
        return new LinkedHashMap<>(groups);
    }

    private static Map<String, @Nullable Object> at(Map<String, Map<String, @Nullable Object>> groups, String name) {
        return groups.computeIfAbsent(name, missing -> new LinkedHashMap<>());
    }
}
