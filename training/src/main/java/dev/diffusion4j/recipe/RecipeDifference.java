// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.json.Json;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** In what two recipes differ. */
final class RecipeDifference {
    /** What the data decides and earlier versions did not note: a run of theirs has no other recipe for that. */
    private static final Set<String> FILLED_IN_LATER = Set.of("model.config.class_names");

    private RecipeDifference() {}

    /** The first key that differs, with both values, as a sentence: {@code training.max_steps is 20 there and 450 here}. */
    static Optional<String> first(Map<String, @Nullable Object> there, Map<String, @Nullable Object> here) {
        return first("", there, here);
    }

    private static Optional<String> first(
            String prefix, Map<String, @Nullable Object> there, Map<String, @Nullable Object> here) {
        Set<String> keys = new LinkedHashSet<>(here.keySet());
        keys.addAll(there.keySet());
        for (String key : keys) {
            Object old = there.get(key);
            Object now = here.get(key);
            if (Objects.equals(old, now) || old == null && FILLED_IN_LATER.contains(prefix + key)) {
                continue;
            }
            if (old instanceof Map<?, ?> && now instanceof Map<?, ?>) {
                return first(prefix + key + ".", Json.object(old), Json.object(now));
            }
            return Optional.of(prefix + key + " is " + text(old) + " there and " + text(now) + " here");
        }
        return Optional.empty();
    }

    private static String text(@Nullable Object value) {
        return value == null ? "not set" : String.valueOf(value);
    }
}
