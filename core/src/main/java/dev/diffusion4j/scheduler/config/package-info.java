// SPDX-License-Identifier: Apache-2.0
/** What schedulers' configs share: their common keys, and the closed choices that {@code scheduler_config.json} names. */
@NullMarked
package dev.diffusion4j.scheduler.config;

import org.jspecify.annotations.NullMarked;
