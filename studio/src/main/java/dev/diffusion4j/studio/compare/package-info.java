// SPDX-License-Identifier: Apache-2.0
/** What was measured of ways to draw. */
@NullMarked
package dev.diffusion4j.studio.compare;

import org.jspecify.annotations.NullMarked;
