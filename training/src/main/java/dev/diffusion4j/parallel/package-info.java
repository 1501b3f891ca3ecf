// SPDX-License-Identifier: Apache-2.0
/** Several processes that work on one training: {@link dev.diffusion4j.parallel.ProcessPlace}, which of them this one is. */
@NullMarked
package dev.diffusion4j.parallel;

import org.jspecify.annotations.NullMarked;
