// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import org.junit.jupiter.api.Test;

/** What transparency means in pictures that are sent. */
class SentPictureTest {
    private static final int WHITE = 0xffffffff;
    private static final int BLACK = 0xff000000;

    private static BufferedImage row(int... colours) {
        BufferedImage image = new BufferedImage(colours.length, 1, BufferedImage.TYPE_INT_ARGB);
        image.setRGB(0, 0, colours.length, 1, colours, 0, colours.length);
        return image;
    }

    private static int[] colours(BufferedImage image) {
        return image.getRGB(0, 0, image.getWidth(), 1, null, 0, image.getWidth());
    }

    @Test
    void the_webui_s_mask_is_its_opaque_strokes_or_where_it_is_white() {
        assertThat(colours(SentPicture.strokes(row(BLACK, 0x00ffffff, 0x80ffffff, WHITE))))
                .containsExactly(WHITE, BLACK, BLACK, WHITE);
        assertThat(colours(SentPicture.strokes(row(BLACK, WHITE)))).containsExactly(BLACK, WHITE);
    }

    @Test
    void a_transparent_picture_is_laid_over_white() {
        assertThat(colours(SentPicture.overWhite(row(0x00000000, 0xff102030)))).containsExactly(WHITE, 0xff102030);
    }
}
