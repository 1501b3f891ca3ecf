// SPDX-License-Identifier: Apache-2.0
/** Where a run's numbers and pictures go: {@link dev.diffusion4j.tracking.Tracker} and its kinds. */
@NullMarked
package dev.diffusion4j.tracking;

import org.jspecify.annotations.NullMarked;
