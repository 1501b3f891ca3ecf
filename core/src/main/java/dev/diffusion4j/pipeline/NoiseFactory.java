// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.NoiseMode;
import dev.diffusion4j.tensor.NoiseForm;
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

    /** What the request says of seed and noise. */
    static NoiseFactory of(GenerationRequest request) {
        NoiseForm form = request.canvas().noiseForm();
        return (first, count) -> request.noise() == NoiseMode.SHARED
                ? NoiseSource.shared(request.seed() + first, form)
                : NoiseSource.perImage(request.seed() + first, count, form);
    }

    /** Picture k of a request lies at k/(count − 1) of the way from the noise of its seed to that of another one. */
    static NoiseFactory between(GenerationRequest request, long lastSeed) {
        int pictures = request.count();
        return (first, count) -> {
            double[] shares = new double[count];
            for (int i = 0; i < count; i++) {
                shares[i] = pictures == 1 ? 0 : (double) (first + i) / (pictures - 1);
            }
            return NoiseSource.between(
                    request.seed(), lastSeed, request.canvas().noiseForm(), shares);
        };
    }
}
