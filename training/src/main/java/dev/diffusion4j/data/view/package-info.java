// SPDX-License-Identifier: Apache-2.0
/** Data sets made of others: a part, several joined, one that is kept in memory. */
@NullMarked
package dev.diffusion4j.data.view;

import org.jspecify.annotations.NullMarked;
