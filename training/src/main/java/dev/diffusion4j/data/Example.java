// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import dev.diffusion4j.data.transform.ImageTransform;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One picture with what is known of it.
 *
 * @param label its class, or −1
 * @param caption what it shows, as text, or {@code null}
 */
public record Example(PixelImage image, int label, @Nullable String caption) {

    /** With the picture as {@link ImageTransform#prepare} makes it. */
    public Example prepared(ImageTransform transform) {
        return new Example(transform.prepare(image), label, caption);
    }

    /** With pixels of its own. */
    public Example copy() {
        byte[] pixels = Arrays.copyOf(image.pixels(), image.length());
        return new Example(new PixelImage(image.width(), image.height(), image.channels(), pixels), label, caption);
    }
}
