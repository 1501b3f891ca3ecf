// SPDX-License-Identifier: Apache-2.0
/**
 * From the bytes of a picture file to pixels, equal to what Pillow reads: {@link dev.diffusion4j.data.decode.ImageDecoder}. JPEG
 * goes through the JDK's decoder in the one way that needs no second copy of the pixels ({@code JpegReader}).
 */
@NullMarked
package dev.diffusion4j.data.decode;

import org.jspecify.annotations.NullMarked;
