// SPDX-License-Identifier: Apache-2.0
/**
 * One file that holds a whole Stable Diffusion, in the layout of its original code: {@link dev.diffusion4j.folder.single.SingleFile} reads one,
 * {@link dev.diffusion4j.folder.single.OpenedParts} is what is in it or in a folder, {@link dev.diffusion4j.folder.single.Conversion} turns
 * the one into the other.
 */
@NullMarked
package dev.diffusion4j.folder.single;

import org.jspecify.annotations.NullMarked;
