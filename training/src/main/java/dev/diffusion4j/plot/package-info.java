// SPDX-License-Identifier: Apache-2.0
/**
 * The pictures of {@code diffuse plot}: schedules ({@link dev.diffusion4j.plot.SchedulePlots}), what noise does ({@link
 * dev.diffusion4j.plot.NoisePictures}), what happens from step to step ({@link dev.diffusion4j.plot.StepPictures}).
 */
@NullMarked
package dev.diffusion4j.plot;

import org.jspecify.annotations.NullMarked;
