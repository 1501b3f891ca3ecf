// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Flags as changes of a recipe: {@code training.epochs=3}. */
final class Changes {
    private final List<String> all = new ArrayList<>();

    /** Nothing for a flag that was not given. */
    Changes set(String key, @Nullable Object value) {
        if (value != null) {
            all.add(key + "=" + (value instanceof String text ? quoted(text) : value));
        }
        return this;
    }

    /** As a person wrote them. */
    Changes add(List<String> changes) {
        all.addAll(changes);
        return this;
    }

    List<String> list() {
        return List.copyOf(all);
    }

    private static String quoted(String text) {
        return "'" + text.replace("'", "''") + "'";
    }
}
