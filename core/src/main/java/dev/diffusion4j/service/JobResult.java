// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.service;

import dev.diffusion4j.pipeline.request.GenerationRequest;
import java.awt.image.BufferedImage;
import java.util.List;

/**
 * All that a job drew; it holds no native memory and need not be closed.
 *
 * @param request with everything that only the model knew
 * @param pictures in order
 */
public record JobResult(GenerationRequest request, List<FinishedPicture> pictures) {
    public JobResult {
        pictures = List.copyOf(pictures);
    }

    /** The pictures alone. */
    public List<BufferedImage> images() {
        return pictures.stream().map(FinishedPicture::image).toList();
    }
}
