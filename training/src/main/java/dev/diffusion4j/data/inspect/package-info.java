// SPDX-License-Identifier: Apache-2.0
/** To look at a data set before training: its statistics, and pictures side by side. */
@NullMarked
package dev.diffusion4j.data.inspect;

import org.jspecify.annotations.NullMarked;
