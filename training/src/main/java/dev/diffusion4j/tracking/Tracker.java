// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tracking;

import java.awt.image.BufferedImage;
import java.util.Map;

/** A log of one run. Called from one thread, in order; it may buffer until {@link #flush()}. */
public interface Tracker extends AutoCloseable {

    /** Numbers of one step. The names are short: {@code loss}, {@code lr}. */
    void scalars(long step, Map<String, Double> values);

    /** A picture of one step. */
    default void image(long step, String name, BufferedImage image) {}

    /** Brings everything that was logged to the disk. */
    default void flush() {}

    /**
     * The run came to its end, and its files are written. Where this is not called before {@link #close()}, the run failed.
     *
     * @param isFinished whether all steps are done; else it was stopped, and may be resumed
     */
    default void end(boolean isFinished) {}

    /** Flushes and ends the log. */
    @Override
    void close();
}
