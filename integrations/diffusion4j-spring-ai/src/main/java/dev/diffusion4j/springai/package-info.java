// SPDX-License-Identifier: Apache-2.0
/** Spring AI's interface for pictures, drawn within the process: {@link dev.diffusion4j.springai.DiffusionImageModel}. */
@NullMarked
package dev.diffusion4j.springai;

import org.jspecify.annotations.NullMarked;
