// SPDX-License-Identifier: Apache-2.0
/** The network of the from-scratch lesson. */
@NullMarked
package dev.diffusion4j.model.basicunet;

import org.jspecify.annotations.NullMarked;
