// SPDX-License-Identifier: Apache-2.0
/**
 * Pictures to learn from: {@link dev.diffusion4j.data.TrainingData} opens what a {@link dev.diffusion4j.data.DataConfig} names;
 * {@link dev.diffusion4j.data.Dataset} is pictures in a fixed order, an {@link dev.diffusion4j.data.transform.ImageTransform} turns
 * pixels into a network's input, {@link dev.diffusion4j.data.loader.BatchLoader} makes shuffled batches ahead.
 */
@NullMarked
package dev.diffusion4j.data;

import org.jspecify.annotations.NullMarked;
