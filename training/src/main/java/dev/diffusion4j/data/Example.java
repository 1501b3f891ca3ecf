// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import org.jspecify.annotations.Nullable;

/**
 * One picture with what is known of it.
 *
 * @param label its class, or −1
 * @param caption what it shows, in words, or {@code null}
 */
public record Example(PixelImage image, int label, @Nullable String caption) {}
