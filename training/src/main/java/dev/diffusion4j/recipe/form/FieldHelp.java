// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe.form;

import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Yaml;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the Javadoc of the recipe's records says of each of their values; {@code fields.yaml} is made from it. */
final class FieldHelp {
    static final String FILE = "/recipes/fields.yaml";
    private static final Map<String, @Nullable Object> LINES = read();

    private FieldHelp() {}

    private static Map<String, @Nullable Object> read() {
        try (InputStream in = FieldHelp.class.getResourceAsStream(FILE)) {
            if (in == null) {
                throw new IllegalStateException(FILE + " is not on the class path");
            }
            return Yaml.parseObject(new String(in.readAllBytes(), StandardCharsets.UTF_8), FILE);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A line, without a full stop; empty where nothing is said. */
    static String of(Class<? extends Record> type, String key) {
        return LINES.get(type.getSimpleName()) instanceof Map<?, ?> lines
                        && Json.object(lines).get(key) instanceof String line
                ? line
                : "";
    }
}
