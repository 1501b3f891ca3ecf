// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;

/** Pieces of cards that are the same in each, kept as resources: what readers are to type is no business of the code. */
final class CardText {
    private CardText() {}

    /** The piece {@code cards/NAME.md} with a value for each {@code {word}} in it. */
    static String of(String name, Map<String, String> values) {
        String text = read("/cards/" + name + ".md");
        for (Map.Entry<String, String> value : values.entrySet()) {
            text = text.replace("{" + value.getKey() + "}", value.getValue());
        }
        return text;
    }

    private static String read(String resource) {
        try (InputStream in = Objects.requireNonNull(CardText.class.getResourceAsStream(resource), resource)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
