// SPDX-License-Identifier: Apache-2.0
/**
 * Small tools of plain Java that every package may use: {@link dev.diffusion4j.base.Check} (argument checks),
 * {@link dev.diffusion4j.base.Problem} (a message for whoever can mend it), {@link dev.diffusion4j.base.AtomicFile}
 * (files that are written whole or not at all).
 */
@NullMarked
package dev.diffusion4j.base;

import org.jspecify.annotations.NullMarked;
