// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.NoiseMode;
import dev.diffusion4j.tensor.NoiseSource;

/** Where the noise of each batch comes from. */
@FunctionalInterface
public interface NoiseFactory {
    /**
     * @param first index of the batch's first picture
     * @param count pictures of the batch
     * @return for the batch alone; the caller closes it
     */
    NoiseSource open(int first, int count);

    /** What the request's seed and mode say. */
    static NoiseFactory of(GenerationRequest request) {
        return (first, count) -> request.noise() == NoiseMode.SHARED
                ? NoiseSource.shared(request.seed() + first)
                : NoiseSource.perImage(request.seed() + first, count);
    }

    /** Picture k of {@code count} lies at k/(count − 1) of the way from one seed's noise to another's. */
    static NoiseFactory between(long firstSeed, long secondSeed, int pictures) {
        return (first, count) -> {
            double[] shares = new double[count];
            for (int i = 0; i < count; i++) {
                shares[i] = pictures == 1 ? 0 : (double) (first + i) / (pictures - 1);
            }
            return NoiseSource.between(firstSeed, secondSeed, shares);
        };
    }
}
