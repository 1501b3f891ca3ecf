// SPDX-License-Identifier: Apache-2.0
/** The residual network of the lesson on continuous noise. */
@NullMarked
package dev.diffusion4j.model.resunet;

import org.jspecify.annotations.NullMarked;
