// SPDX-License-Identifier: Apache-2.0
/** All pictures of the folders that are open, with what they say of themselves; stars; a bin. */
@NullMarked
package dev.diffusion4j.studio.gallery;

import org.jspecify.annotations.NullMarked;
