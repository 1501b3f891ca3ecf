// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.service;

/**
 * How far the drawing of a job is.
 *
 * @param pictures that are to be drawn
 * @param finished of them that are drawn
 * @param atWork of them that are drawn together now; 0 before the first step
 * @param step of those: how many are done
 * @param steps of those: how many there are; 0 before the first step
 */
public record JobProgress(int pictures, int finished, int atWork, int step, int steps) {
    static JobProgress begin(int pictures) {
        return new JobProgress(pictures, 0, 0, 0, 0);
    }

    /** From 0 to 1. */
    public double share() {
        double begun = steps == 0 ? 0 : (double) atWork * step / steps;
        return Math.min(1, (finished + begun) / pictures);
    }

    JobProgress stepped(int first, int count, int done, int all) {
        return new JobProgress(pictures, Math.max(first, finished), count, done, all);
    }

    JobProgress drawn(int count) {
        return new JobProgress(pictures, count, 0, 0, 0);
    }
}
