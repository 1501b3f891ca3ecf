// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.text;

/**
 * A stretch of a prompt whose words all count alike.
 *
 * @param text its words
 * @param weight 1 as they are, 0 not at all, more than 1 more
 */
public record WeightedText(String text, double weight) {
    /** Not a text: what follows begins a new chunk. */
    public static final WeightedText BREAK = new WeightedText("BREAK", 1);

    /** Whether it is {@link #BREAK}, and not a text of that letters. */
    @SuppressWarnings("ReferenceEquality") // the one instance
    public boolean isBreak() {
        return this == BREAK;
    }
}
