// SPDX-License-Identifier: Apache-2.0
/** The network of the lesson on cross-attention and LoRA. */
@NullMarked
package dev.diffusion4j.model.crossattn;

import org.jspecify.annotations.NullMarked;
