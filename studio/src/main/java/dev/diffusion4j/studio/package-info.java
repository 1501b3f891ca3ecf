// SPDX-License-Identifier: Apache-2.0
/**
 * The library in the browser, on one machine: {@link dev.diffusion4j.studio.Studio} adds pages and rooms to the server of
 * {@link dev.diffusion4j.serve}. Each room has a package of its own, and its page under {@code resources/studio/rooms}.
 */
@NullMarked
package dev.diffusion4j.studio;

import org.jspecify.annotations.NullMarked;
