// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import org.junit.jupiter.api.Test;

class LanczosTest {
    @Test
    void grey_levels_of_a_file_stay_what_they_are() {
        for (int type : new int[] {BufferedImage.TYPE_BYTE_GRAY, BufferedImage.TYPE_USHORT_GRAY}) {
            BufferedImage grey = new BufferedImage(8, 8, type);
            int white = type == BufferedImage.TYPE_BYTE_GRAY ? 255 : 65535;
            for (int i = 0; i < 64; i++) {
                grey.getRaster().setSample(i % 8, i / 8, 0, white * 100 / 255);
            }
            assertThat(Lanczos.resize(grey, 16, 4).getRGB(7, 2) & 0xffffff).isEqualTo(0x646464);
        }
    }
}
