// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Lists and objects within a form, whose parts are texts. */
final class FormParts {
    private FormParts() {}

    /**
     * Those of one name.
     *
     * @param name of the field
     * @param key of the parts: {@code name}, {@code name[]} or {@code name[key]}
     * @param texts of these parts
     * @return lists and objects, in their order
     * @throws Refusal (400) where the key is another, or a text cannot be read
     */
    static List<Object> read(String name, String key, List<String> texts) {
        texts.forEach(text -> Fields.checkLength(name, text));
        boolean isWhole = key.equals(name);
        if (!isWhole && key.indexOf(']') != key.length() - 1) {
            throw Refusal.value(
                    name, "\"" + name + "\" of a form must be JSON, or texts with commas between them, but was " + key);
        }
        String inner = isWhole ? "" : key.substring(name.length() + 1, key.length() - 1);
        List<Object> found = new ArrayList<>();
        for (String text : texts) {
            if (!inner.isEmpty()) {
                found.add(Map.of(inner, number(text)));
            } else if (text.stripLeading().startsWith("[")
                    || text.stripLeading().startsWith("{")) {
                found.add(json(name, text));
            } else if (!text.isBlank()) {
                found.add(Arrays.stream(text.split(",")).map(String::strip).toList());
            }
        }
        return found;
    }

    private static Object json(String name, String text) {
        try {
            return Objects.requireNonNull(Json.parse(text, "\"" + name + "\"")); // it begins with a bracket
        } catch (Problem e) {
            throw Refusal.value(name, String.valueOf(e.getMessage()));
        }
    }

    /** The text itself where it is none. */
    private static Object number(String text) {
        try {
            return Double.valueOf(text.strip());
        } catch (NumberFormatException e) {
            return text;
        }
    }
}
