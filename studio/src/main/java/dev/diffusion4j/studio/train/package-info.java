// SPDX-License-Identifier: Apache-2.0
/** The room of trainings: recipes as forms, trainings as processes of their own, and what they have learnt so far. */
@NullMarked
package dev.diffusion4j.studio.train;

import org.jspecify.annotations.NullMarked;
