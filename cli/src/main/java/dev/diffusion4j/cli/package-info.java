// SPDX-License-Identifier: Apache-2.0
/** The command {@code diffuse}: parses, calls the library, prints, returns an exit code. */
@NullMarked
package dev.diffusion4j.cli;

import org.jspecify.annotations.NullMarked;
