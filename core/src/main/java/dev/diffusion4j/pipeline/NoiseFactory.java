// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.NoiseMode;
import dev.diffusion4j.pipeline.request.Toward;
import dev.diffusion4j.tensor.NoiseForm;
import dev.diffusion4j.tensor.NoiseSource;
import java.util.stream.IntStream;

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
        Toward toward = request.canvas().toward();
        if (toward != null) {
            return (first, count) -> NoiseSource.between(
                    request.seed(),
                    toward.seed(),
                    form,
                    IntStream.range(first, first + count)
                            .mapToDouble(index -> toward.share(index, request.count()))
                            .toArray());
        }
        return (first, count) -> request.noise() == NoiseMode.SHARED
                ? NoiseSource.shared(request.seed() + first, form)
                : NoiseSource.perImage(request.seed() + first, count, form);
    }
}
