// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode;

/** Ink to light, by Pillow's formula, for JPEGs, which hold 255 − ink as Adobe's programs write it. */
final class Cmyk {
    private static final int HALF = 1 << 15;

    private Cmyk() {}

    /** @param ycck whether the first three of four levels are luma and chroma of the colours */
    static byte[] toRgb(byte[] stored, boolean ycck) {
        byte[] rgb = new byte[stored.length / 4 * 3];
        int[] light = new int[3];
        for (int i = 0, to = 0; i < stored.length; i += 4, to += 3) {
            int a = stored[i] & 0xff;
            int b = stored[i + 1] & 0xff;
            int c = stored[i + 2] & 0xff;
            int paper = stored[i + 3] & 0xff;
            if (ycck) {
                fromYcc(a, b - 128, c - 128, light);
            } else {
                light[0] = 255 - a;
                light[1] = 255 - b;
                light[2] = 255 - c;
            }
            for (int k = 0; k < 3; k++) {
                int product = light[k] * paper + 128;
                rgb[to + k] = (byte) clamp(paper - ((product >> 8) + product >> 8));
            }
        }
        return rgb;
    }

    /** libjpeg's 16-bit fixed point; factors 1.402, 0.344136, 0.714136, 1.772. */
    private static void fromYcc(int y, int cb, int cr, int[] rgb) {
        rgb[0] = clamp(y + (91881 * cr + HALF >> 16));
        rgb[1] = clamp(y + (-22554 * cb - 46802 * cr + HALF >> 16));
        rgb[2] = clamp(y + (116130 * cb + HALF >> 16));
    }

    private static int clamp(int value) {
        return Math.max(0, Math.min(255, value));
    }
}
