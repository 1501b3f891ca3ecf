// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline.request;

import dev.diffusion4j.base.Check;

/**
 * Another seed, toward whose noise the pictures go: their noises lie on the great circle from the request's seed to this one, evenly spaced, the first
 * at {@code from}, the last at {@code to}. A single picture lies at {@code from}.
 *
 * @param seed of the noise at the end of the way, ≥ 0
 * @param from the share of the way at which the first picture lies, 0 (the request's seed) … 1 (this one)
 * @param to that of the last
 */
public record Toward(long seed, double from, double to) {
    /** The whole way to seed 0. */
    public static final Toward DEFAULT = new Toward(0, 0, 1);

    public Toward {
        Check.that(seed >= 0, "{toward} must be a seed >= 0, but was " + seed);
        Check.inRange(from, 0, 1, "the start of {toward}");
        Check.inRange(to, 0, 1, "the end of {toward}");
    }

    /** The whole way to a seed. */
    public static Toward seed(long seed) {
        return new Toward(seed, 0, 1);
    }

    /** One point of the way to a seed. */
    public static Toward at(long seed, double share) {
        return new Toward(seed, share, share);
    }

    /** Where on the way a picture lies. */
    public double share(int index, int count) {
        return count == 1 ? from : from + (to - from) * index / (count - 1);
    }
}
