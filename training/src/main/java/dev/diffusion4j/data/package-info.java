// SPDX-License-Identifier: Apache-2.0
/**
 * Pictures to learn from: {@link dev.diffusion4j.data.Dataset} (pictures in a fixed order), {@link
 * dev.diffusion4j.data.ImageTransform} (pixels to a network's input), {@link dev.diffusion4j.data.BatchLoader} (shuffled
 * batches, prepared ahead).
 */
@NullMarked
package dev.diffusion4j.data;

import org.jspecify.annotations.NullMarked;
