// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.text;

import java.util.List;

/**
 * A prompt as a {@link PromptSyntax} reads it.
 *
 * @param texts in their order, and {@link WeightedText#BREAK} between them
 * @param loras adapters that it asks for, in their order
 */
public record ParsedPrompt(List<WeightedText> texts, List<LoraTag> loras) {
    public ParsedPrompt {
        texts = List.copyOf(texts);
        loras = List.copyOf(loras);
    }
}
