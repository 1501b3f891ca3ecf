// SPDX-License-Identifier: Apache-2.0
/** How good samples are: {@link dev.diffusion4j.metric.ClassFidelity}, {@link dev.diffusion4j.metric.Variety}. */
@NullMarked
package dev.diffusion4j.metric;

import org.jspecify.annotations.NullMarked;
