// SPDX-License-Identifier: Apache-2.0
/** Inside of {@link dev.diffusion4j.data.decode.ImageDecoder}: key frames of VP8, as lossy WebP files hold them. */
@NullMarked
package dev.diffusion4j.data.decode.vp8;

import org.jspecify.annotations.NullMarked;
