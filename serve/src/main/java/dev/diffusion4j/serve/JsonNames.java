// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.base.FieldNames;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Calls the library's fields as requests do, in snake case, and remembers the first one that a message names. */
final class JsonNames implements FieldNames {
    private static final Map<String, String> NAMES = Map.of(
            "count",
            "n",
            "prompts",
            "prompt",
            "negativePrompts",
            "negative_prompt",
            "picture",
            "image",
            "scheduler",
            "sampler");

    private @Nullable String first;

    @Override
    public String of(String field) {
        String name =
                NAMES.getOrDefault(field, field.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT));
        if (first == null) {
            first = name;
        }
        return '"' + name + '"';
    }

    /** The field that the message was about. */
    @Nullable
    String first() {
        return first;
    }
}
