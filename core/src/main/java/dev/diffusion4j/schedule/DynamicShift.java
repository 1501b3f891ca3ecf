// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.schedule;

import dev.diffusion4j.base.Check;

/**
 * How far a flow's levels are moved towards noise for a picture of some size: a straight line in the number of tokens, as in
 * diffusers' {@code calculate_shift}.
 *
 * @param baseShift μ at {@code baseImageSeqLen}
 * @param maxShift μ at {@code maxImageSeqLen}
 * @param baseImageSeqLen tokens of the smaller picture
 * @param maxImageSeqLen tokens of the larger picture
 */
public record DynamicShift(double baseShift, double maxShift, int baseImageSeqLen, int maxImageSeqLen) {
    public static final DynamicShift DEFAULT = new DynamicShift(0.5, 1.15, 256, 4096);

    public DynamicShift {
        Check.finite(baseShift, "base_shift");
        Check.finite(maxShift, "max_shift");
        Check.that(
                maxImageSeqLen > baseImageSeqLen,
                "max_image_seq_len must be > base_image_seq_len (" + baseImageSeqLen + "), but was " + maxImageSeqLen);
    }

    /** μ for {@link TimeShift#shift}. */
    public double mu(long imageSeqLen) {
        double slope = (maxShift - baseShift) / (maxImageSeqLen - baseImageSeqLen);
        double intercept = baseShift - slope * baseImageSeqLen;
        return imageSeqLen * slope + intercept;
    }
}
