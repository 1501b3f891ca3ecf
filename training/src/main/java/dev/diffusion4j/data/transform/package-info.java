// SPDX-License-Identifier: Apache-2.0
/** Inside of {@link dev.diffusion4j.data.StandardTransform}: resizing, equal to Pillow's. */
@NullMarked
package dev.diffusion4j.data.transform;

import org.jspecify.annotations.NullMarked;
