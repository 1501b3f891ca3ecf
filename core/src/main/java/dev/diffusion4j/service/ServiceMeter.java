// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.service;

import java.time.Duration;

/**
 * Counts what a service does, for an application's metrics. Its methods are called on the service's threads and those of callers, several at a
 * time: they must be brief. What one throws is logged and changes nothing.
 */
public interface ServiceMeter {
    /** Counts nothing. */
    ServiceMeter NONE = new ServiceMeter() {};

    /** A job waits for its turn. */
    default void onSubmit() {}

    /** A job was refused, because as many wait as may. */
    default void onRefuse() {}

    /** A job's turn has come. */
    default void onStart(Duration waited) {}

    /**
     * A step is done.
     *
     * @param pictures that it was for
     * @param took for the first one with all that comes before it: reading networks, encoding texts
     */
    default void onStep(int pictures, Duration took) {}

    /**
     * A job is over.
     *
     * @param ran nothing, where its turn never came
     */
    default void onEnd(JobState state, Duration ran) {}

    /** A network was read. */
    default void onLoad(long bytes, Duration took) {}

    /** A network was dropped to make room for others. */
    default void onDrop(long bytes) {}
}
