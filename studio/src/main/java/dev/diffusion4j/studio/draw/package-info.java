// SPDX-License-Identifier: Apache-2.0
/** What the page that draws asks for beside the server's jobs. */
@NullMarked
package dev.diffusion4j.studio.draw;

import org.jspecify.annotations.NullMarked;
