// SPDX-License-Identifier: Apache-2.0
/**
 * Many callers of a service in this process, or of a plain pipeline ({@link dev.diffusion4j.bench.load.ServiceLoad}), in rounds for {@code bench/load}
 * ({@link dev.diffusion4j.bench.load.ServiceCase}). Callers over HTTP are {@code bench/harness/load.py} and {@code hour.py}.
 */
@NullMarked
package dev.diffusion4j.bench.load;

import org.jspecify.annotations.NullMarked;
