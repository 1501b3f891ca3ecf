// SPDX-License-Identifier: Apache-2.0
/**
 * From a description to pictures with their notes: {@link dev.diffusion4j.drawing.DrawingPlan}, {@link
 * dev.diffusion4j.drawing.DrawingJob}, {@link dev.diffusion4j.drawing.PictureSink}. It is what every face calls.
 */
@NullMarked
package dev.diffusion4j.drawing;

import org.jspecify.annotations.NullMarked;
