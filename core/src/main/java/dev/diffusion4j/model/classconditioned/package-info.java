// SPDX-License-Identifier: Apache-2.0
/** The lesson's net that gets the class as extra input channels. */
@NullMarked
package dev.diffusion4j.model.classconditioned;

import org.jspecify.annotations.NullMarked;
