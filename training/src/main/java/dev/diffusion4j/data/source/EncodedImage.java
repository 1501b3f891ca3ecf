// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.source;

import dev.diffusion4j.data.BrokenExampleException;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.Example;
import dev.diffusion4j.data.decode.DecodeException;
import dev.diffusion4j.data.decode.ImageDecoder;
import dev.diffusion4j.data.transform.ImageTransform;
import org.jspecify.annotations.Nullable;

/**
 * A picture's file in memory, with what is known of it.
 *
 * @param file all its bytes; may be changed by decoding
 * @param label its class, or −1
 * @param caption what it shows, as text, or {@code null}
 * @param name for messages
 */
record EncodedImage(byte[] file, int label, @Nullable String caption, String name) {

    /** @throws BrokenExampleException where it is no sound picture */
    public Example decoded() {
        try {
            return new Example(ImageDecoder.decode(file), label, caption);
        } catch (DecodeException e) {
            throw new BrokenExampleException(name + ": " + e.getMessage(), e);
        }
    }

    /** As {@link Dataset#prepared}: decoded in memory that is used again, and resized. */
    public Example prepared(ImageTransform transform) {
        try {
            Example shared = new Example(ImageDecoder.decodeShared(file), label, caption);
            Example prepared = shared.prepared(transform);
            boolean same = prepared.image().pixels() == shared.image().pixels();
            return same ? prepared.copy() : prepared;
        } catch (DecodeException e) {
            throw new BrokenExampleException(name + ": " + e.getMessage(), e);
        }
    }
}
