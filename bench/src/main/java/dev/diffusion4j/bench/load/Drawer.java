// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.bench.load;

import dev.diffusion4j.bench.load.LoadPlan.Asked;

/** Who draws for callers. Thread-safe. */
interface Drawer extends AutoCloseable {
    /** How a request ended. */
    enum End {
        DRAWN,
        CANCELLED,
        EXPIRED,
        REFUSED
    }

    /** @param sample the picture's numbers as the network drew them; empty where there is no picture */
    record Outcome(End end, float[] sample) {
        static Outcome without(End end) {
            return new Outcome(end, new float[0]);
        }
    }

    /**
     * Waits for a picture, as long as its caller does.
     *
     * @param unit seconds in which the request's times count
     */
    Outcome draw(Asked asked, double unit);

    @Override
    void close();
}
