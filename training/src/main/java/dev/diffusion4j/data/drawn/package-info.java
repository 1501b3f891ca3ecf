// SPDX-License-Identifier: Apache-2.0
/** Inside of the digits, shapes and scenes that the library draws itself. */
@NullMarked
package dev.diffusion4j.data.drawn;

import org.jspecify.annotations.NullMarked;
