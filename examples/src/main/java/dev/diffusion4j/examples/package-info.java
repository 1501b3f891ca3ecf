// SPDX-License-Identifier: Apache-2.0
/**
 * One class an example, each with a {@code main}; begin with {@link dev.diffusion4j.examples.LoadAndSample} and {@link
 * dev.diffusion4j.examples.TrainOnDigits}. They use nothing that is not public.
 */
@NullMarked
package dev.diffusion4j.examples;

import org.jspecify.annotations.NullMarked;
