// SPDX-License-Identifier: Apache-2.0
/** The Hugging Face Hub: repositories, their files, and the cache that its Python client shares. */
@NullMarked
package dev.diffusion4j.hub;

import org.jspecify.annotations.NullMarked;
