// SPDX-License-Identifier: Apache-2.0
/** Five lessons: the pages of {@code docs/lessons}, with controls that run the library in the place of their pictures. */
@NullMarked
package dev.diffusion4j.studio.lessons;

import org.jspecify.annotations.NullMarked;
