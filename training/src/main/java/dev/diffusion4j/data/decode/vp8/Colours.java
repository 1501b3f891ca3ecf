// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode.vp8;

/**
 * From luma and chroma of half the size to red, green and blue, in libwebp's whole numbers: chroma is interpolated from the nearest
 * four (its "fancy upsampling"), rounded in two steps; colours by ITU-R 601 in 14 bits.
 */
final class Colours {
    private static final int FRACTION = 6;

    private final Plane luma;
    private final Plane blueness;
    private final Plane redness;
    private final int width;
    private final int height;

    Colours(Plane luma, Plane blueness, Plane redness, int width, int height) {
        this.luma = luma;
        this.blueness = blueness;
        this.redness = redness;
        this.width = width;
        this.height = height;
    }

    /** Pixels of red, green and blue, row by row. */
    byte[] rgb() {
        byte[] rgb = new byte[Math.multiplyExact(width * 3, height)];
        int[] u = new int[width];
        int[] v = new int[width];
        for (int y = 0; y < height; y++) {
            chromaRow(blueness, y, u);
            chromaRow(redness, y, v);
            int from = luma.at(0, y);
            int to = y * width * 3;
            for (int x = 0; x < width; x++, to += 3) {
                int light = (luma.levels[from + x] & 0xff) * 19077 >> 8;
                rgb[to] = level(light + (v[x] * 26149 >> 8) - 14234);
                rgb[to + 1] = level(light - (u[x] * 6419 >> 8) - (v[x] * 13320 >> 8) + 8708);
                rgb[to + 2] = level(light + (u[x] * 33050 >> 8) - 17685);
            }
        }
        return rgb;
    }

    /** Of a row of pixels: from the nearer row of chroma, and the next one above or below. */
    private void chromaRow(Plane plane, int y, int[] into) {
        int last = (height + 1) / 2 - 1;
        int near = y / 2;
        int far = Math.max(0, Math.min(last, y % 2 == 0 ? near - 1 : near + 1));
        int nearRow = plane.at(0, near);
        int farRow = plane.at(0, far);
        byte[] levels = plane.levels;
        into[0] = edge(levels[nearRow] & 0xff, levels[farRow] & 0xff);
        for (int x = 1; x < width; x++) {
            int right = (x + 1) / 2;
            if (x == width - 1 && width % 2 == 0) {
                into[x] = edge(levels[nearRow + right - 1] & 0xff, levels[farRow + right - 1] & 0xff);
                break;
            }
            int own = x % 2 == 0 ? right : right - 1;
            int next = x % 2 == 0 ? right - 1 : right;
            int a = levels[nearRow + own] & 0xff;
            int b = levels[nearRow + next] & 0xff;
            int c = levels[farRow + own] & 0xff;
            int d = levels[farRow + next] & 0xff;
            into[x] = (a + 3 * b + 3 * c + d + 8 >> 3) + a >> 1;
        }
    }

    /** Where there are no neighbours in the row. */
    private static int edge(int near, int far) {
        return 3 * near + far + 2 >> 2;
    }

    private static byte level(int value) {
        return (byte) Math.max(0, Math.min(255, value >> FRACTION));
    }
}
