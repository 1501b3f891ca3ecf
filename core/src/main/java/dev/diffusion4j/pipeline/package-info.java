// SPDX-License-Identifier: Apache-2.0
/**
 * Drawing pictures: {@link dev.diffusion4j.pipeline.DiffusionPipeline} (a network with a scheduler, loaded from a folder),
 * {@link dev.diffusion4j.pipeline.request.GenerationRequest} and {@link dev.diffusion4j.pipeline.GenerationResult},
 * {@link dev.diffusion4j.pipeline.StepListener}.
 */
@NullMarked
package dev.diffusion4j.pipeline;

import org.jspecify.annotations.NullMarked;
