// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.springai;

import org.springframework.ai.image.ImageGenerationMetadata;

/**
 * How one picture was made.
 *
 * @param seed that it was drawn with
 * @param note all that is needed to draw it again, which {@link dev.diffusion4j.drawing.GenerationNote#read(String, String)} reads; it also stands in
 *     the PNG
 */
public record DiffusionImageMetadata(long seed, String note) implements ImageGenerationMetadata {}
