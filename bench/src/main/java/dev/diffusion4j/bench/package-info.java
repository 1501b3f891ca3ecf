// SPDX-License-Identifier: Apache-2.0
/** The Java side of {@code bench/compare}: each case in a process of its own, which does a round on request. */
@NullMarked
package dev.diffusion4j.bench;

import org.jspecify.annotations.NullMarked;
