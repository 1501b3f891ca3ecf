// SPDX-License-Identifier: Apache-2.0
/** JMH benchmarks of the pieces: convolution, norm, attention, pictures, weight files. Run by {@code bench/jmh}. */
@NullMarked
package dev.diffusion4j.bench.piece;

import org.jspecify.annotations.NullMarked;
