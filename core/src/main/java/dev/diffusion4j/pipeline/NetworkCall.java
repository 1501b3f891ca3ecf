// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

/**
 * Where in a run the network is called.
 *
 * @param timestep what the network is given
 * @param index 0-based, in {@code [0, calls)}
 * @param calls of the network in the whole run
 * @param firstImage which picture of the batch the first of the sample is; not 0 where a batch is done in parts
 */
public record NetworkCall(double timestep, int index, int calls, int firstImage) {
    /** 0 at the first call, 1 at the last. */
    public double progress() {
        return calls == 1 ? 0 : (double) index / (calls - 1);
    }

    /** The same with another timestep. */
    NetworkCall withTimestep(double time) {
        return new NetworkCall(time, index, calls, firstImage);
    }

    /** The same for a part of the batch. */
    NetworkCall from(int image) {
        return new NetworkCall(timestep, index, calls, image);
    }
}
