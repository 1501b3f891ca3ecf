// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import dev.diffusion4j.base.Check;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What the parts of a network are called in two layouts. A tensor's name is that of its part and a rest, which both layouts share:
 * {@code out.2.weight} is {@code conv_out.weight} where {@code out.2} is {@code conv_out}.
 */
public final class NamePairs {
    private final Map<String, String> forth = new HashMap<>();
    private final Map<String, String> back = new HashMap<>();

    /**
     * Adds a part. One that lies within another, {@code output_blocks.2.1.conv} within {@code output_blocks.2.1}, counts for itself.
     *
     * @throws IllegalArgumentException where either name is known already
     */
    public NamePairs add(String first, String second) {
        String other = forth.putIfAbsent(first, second);
        String same = back.putIfAbsent(second, first);
        Check.that(other == null && same == null, "two parts are named '" + first + "' or '" + second + "'");
        return this;
    }

    /** A tensor's name in the second layout; empty where it belongs to no part. */
    public Optional<String> second(String first) {
        return translated(first, forth);
    }

    /** A tensor's name in the first layout; empty where it belongs to no part. */
    public Optional<String> first(String second) {
        return translated(second, back);
    }

    private static Optional<String> translated(String name, Map<String, String> parts) {
        for (int end = name.lastIndexOf('.'); end > 0; end = name.lastIndexOf('.', end - 1)) {
            String part = parts.get(name.substring(0, end));
            if (part != null) {
                return Optional.of(part + name.substring(end));
            }
        }
        return Optional.empty();
    }
}
