// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode;

/** How large a picture may be: a few bytes of a file can claim billions of pixels. */
public final class PixelLimits {
    /** Where Pillow stops, too. */
    public static final long MAX_PIXELS = 178_956_970;

    private PixelLimits() {}

    /** @throws DecodeException where a side is below 1, or there are more pixels than {@value #MAX_PIXELS} */
    public static void check(int width, int height) throws DecodeException {
        if (width < 1 || height < 1) {
            throw new DecodeException("the file is damaged: its picture is " + width + "x" + height);
        }
        if ((long) width * height > MAX_PIXELS) {
            throw new DecodeException("the picture is too large: " + width + "x" + height + " pixels");
        }
    }
}
