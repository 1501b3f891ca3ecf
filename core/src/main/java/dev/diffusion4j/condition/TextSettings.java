// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import dev.diffusion4j.base.Check;
import org.jspecify.annotations.Nullable;

/**
 * How the prompts of one call are encoded.
 *
 * @param clipSkip blocks at the end of each text encoder that are left out, counted as diffusers does: 0 is what the network was made
 *     for. diffusers leaves out none for what pictures are guided away from, and so do we
 * @param timeIds numbers beside the prompt; {@code null} for a network that takes none
 */
public record TextSettings(int clipSkip, @Nullable TimeIds timeIds) {
    /** As the network was made for. */
    public static final TextSettings DEFAULT = new TextSettings(0, null);

    public TextSettings {
        Check.notNegative(clipSkip, "{clipSkip}");
    }
}
