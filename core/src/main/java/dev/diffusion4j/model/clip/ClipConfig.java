// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.clip;

import dev.diffusion4j.base.Check;

/**
 * What this library reads of transformers' {@code CLIPConfig}.
 *
 * @param textConfig the text tower
 * @param visionConfig the picture tower
 * @param projectionDim numbers of an embedding
 * @param logitScaleInitValue ln of the factor on similarities before training
 * @param initializerFactor what the spread of the two projections' fresh weights is multiplied by
 */
public record ClipConfig(
        ClipTextConfig textConfig,
        ClipVisionConfig visionConfig,
        int projectionDim,
        double logitScaleInitValue,
        double initializerFactor) {
    public static final ClipConfig DEFAULT =
            new ClipConfig(ClipTextConfig.DEFAULT, ClipVisionConfig.DEFAULT, 512, 2.6592, 1);

    public ClipConfig {
        Check.inRange(projectionDim, 1, 1 << 16, "projection_dim");
    }
}
