// SPDX-License-Identifier: Apache-2.0
/** Batches, decoded ahead and in an order that a resumed run goes on with: {@link dev.diffusion4j.data.loader.BatchLoader}. */
@NullMarked
package dev.diffusion4j.data.loader;

import org.jspecify.annotations.NullMarked;
