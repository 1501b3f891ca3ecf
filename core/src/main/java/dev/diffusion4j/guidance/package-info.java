// SPDX-License-Identifier: Apache-2.0
/** Steering a sample while it is drawn: towards a class, or down any loss of the picture that is to come. */
@NullMarked
package dev.diffusion4j.guidance;

import org.jspecify.annotations.NullMarked;
