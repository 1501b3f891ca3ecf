// SPDX-License-Identifier: Apache-2.0
/**
 * The bricks of networks: {@link dev.diffusion4j.layer.Layer} (parameters by name, one owner),
 * {@link dev.diffusion4j.layer.ResnetBlock}, {@link dev.diffusion4j.layer.MultiHeadAttention}.
 *
 * <p>Shapes: B batch, C channels, H W pixels, L tokens, D features. A {@code forward} returns a new tensor that belongs to the
 * current scope, and frees what it made on the way.
 */
@NullMarked
package dev.diffusion4j.layer;

import org.jspecify.annotations.NullMarked;
