// SPDX-License-Identifier: Apache-2.0
/** The network of the lab on classifier-free guidance. */
@NullMarked
package dev.diffusion4j.model.unetlab;

import org.jspecify.annotations.NullMarked;
