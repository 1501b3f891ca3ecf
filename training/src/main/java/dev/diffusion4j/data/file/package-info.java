// SPDX-License-Identifier: Apache-2.0
/** Inside of the data sets: formats of files, and how they are fetched. */
@NullMarked
package dev.diffusion4j.data.file;

import org.jspecify.annotations.NullMarked;
