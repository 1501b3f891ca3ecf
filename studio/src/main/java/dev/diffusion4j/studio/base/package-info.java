// SPDX-License-Identifier: Apache-2.0
/** What the rooms of the studio build on: the folders that were opened, and how a route answers. */
@NullMarked
package dev.diffusion4j.studio.base;

import org.jspecify.annotations.NullMarked;
