// SPDX-License-Identifier: Apache-2.0
/** From pixels to a network's input: {@link dev.diffusion4j.data.transform.ImageTransform}, and resizing that equals Pillow's. */
@NullMarked
package dev.diffusion4j.data.transform;

import org.jspecify.annotations.NullMarked;
