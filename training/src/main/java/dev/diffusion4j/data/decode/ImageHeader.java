// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode;

import org.jspecify.annotations.Nullable;

/**
 * What a picture's first bytes say.
 *
 * @param width pixels, before a JPEG is turned upright
 * @param isGrey whether it decodes to one channel
 */
public record ImageHeader(int width, int height, boolean isGrey) {

    /** Of a PNG or a JPEG; {@code null} of others, or where it is not sound. Changes nothing in {@code file}. */
    public static @Nullable ImageHeader of(byte[] file) {
        if (file.length > 25 && file[0] == (byte) 0x89 && file[1] == 'P') {
            return new ImageHeader(
                    u16(file, 18), u16(file, 22), (file[25] & 3) == 0); // wider than 65535: refused later
        }
        return file.length > 4 && file[0] == (byte) 0xff && file[1] == (byte) 0xd8 ? jpeg(file) : null;
    }

    private static @Nullable ImageHeader jpeg(byte[] file) {
        for (int at = 2; at + 9 < file.length; ) {
            int marker = file[at + 1] & 0xff;
            if (file[at] != (byte) 0xff || marker == 0xff) {
                at++;
                continue;
            }
            boolean isFrame = marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
            if (isFrame) {
                return new ImageHeader(u16(file, at + 7), u16(file, at + 5), file[at + 9] == 1);
            }
            if (marker == 0xda) {
                return null;
            }
            at += 2 + u16(file, at + 2);
        }
        return null;
    }

    private static int u16(byte[] file, int at) {
        return (file[at] & 0xff) << 8 | file[at + 1] & 0xff;
    }
}
