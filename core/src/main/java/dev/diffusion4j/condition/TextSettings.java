// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.text.PromptSyntax;
import org.jspecify.annotations.Nullable;

/**
 * How the prompts of one call are encoded.
 *
 * @param clipSkip blocks at the end of each text encoder that are left out, counted as diffusers does: 0 is what the network was made
 *     for. diffusers leaves out none for what pictures are guided away from, and so does {@link PromptSyntax#PLAIN}
 * @param syntax what signs in a prompt mean
 * @param timeIds numbers beside the prompt; {@code null} for a network that takes none
 */
public record TextSettings(int clipSkip, PromptSyntax syntax, @Nullable TimeIds timeIds) {
    /** As the network was made for, words alone. */
    public static final TextSettings DEFAULT = new TextSettings(0, PromptSyntax.PLAIN, null);

    public TextSettings {
        Check.notNegative(clipSkip, "{clipSkip}");
    }

    /** With other numbers beside the prompt. */
    public TextSettings withTimeIds(TimeIds value) {
        return new TextSettings(clipSkip, syntax, value);
    }

    /** Blocks that are left out for what pictures are guided away from. */
    int clipSkipAway() {
        return syntax == PromptSyntax.PLAIN ? 0 : clipSkip;
    }
}
