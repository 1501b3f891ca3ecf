// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.loader;

import dev.diffusion4j.data.BrokenExampleException;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** What batches are made of: numbers of one shape for each picture, prepared when they are needed or before. Thread-safe. */
public interface BatchSource {

    /** What it is, for messages. */
    String description();

    /** How many pictures. */
    int size();

    /** (C, H, W) of what there is for each. */
    long[] shape();

    /**
     * Reads a picture.
     *
     * @throws BrokenExampleException where its file cannot be read
     */
    Row read(int index);

    /** A picture that was read. */
    interface Row {
        /** Its class, −1 where it has none. */
        int label();

        /** What it shows, {@code null} where that is not known. */
        @Nullable
        String caption();

        /** {@link dev.diffusion4j.data.Dataset#exchanged}. */
        default @Nullable String exchanged() {
            return null;
        }

        /**
         * Its numbers.
         *
         * @param random of flips and crops
         */
        void fill(RandomGenerator random, float[] into, int offset);
    }
}
