// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

/** What transparency means in pictures that are sent, and that their levels stay. */
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

    /** The JDK takes grey for linear light, so that its {@code getRGB} makes 188 of 128. */
    @Test
    void levels_of_grey_stay_what_they_are() throws IOException {
        int[] levels = {0, 64, 128, 255};
        for (BufferedImage grey : List.of(
                new BufferedImage(4, 1, BufferedImage.TYPE_BYTE_GRAY),
                new BufferedImage(4, 1, BufferedImage.TYPE_USHORT_GRAY),
                withAlpha())) {
            for (int x = 0; x < levels.length; x++) {
                boolean isWide = grey.getType() == BufferedImage.TYPE_USHORT_GRAY;
                grey.getRaster().setSample(x, 0, 0, isWide ? 257 * levels[x] : levels[x]);
            }
            ByteArrayOutputStream file = new ByteArrayOutputStream();
            ImageIO.write(grey, "png", file);
            BufferedImage read = SentPicture.read(file.toByteArray(), "it", 100);
            BufferedImage kept =
                    ImageIO.read(new ByteArrayInputStream(PngFile.bytes(SentPicture.colours(read), Map.of())));
            for (BufferedImage rgb : List.of(kept, SentPicture.overWhite(read), SentPicture.strokes(read))) {
                assertThat(colours(rgb)).containsExactly(BLACK, 0xff404040, 0xff808080, WHITE);
            }
            assertThat(WebpFile.bytes(read)).isEqualTo(WebpFile.bytes(kept));
            assertThat(colours(new Orientation(2).upright(read))).containsExactly(WHITE, 0xff808080, 0xff404040, BLACK);
        }
    }

    private static BufferedImage withAlpha() {
        ComponentColorModel model = new ComponentColorModel(
                ColorSpace.getInstance(ColorSpace.CS_GRAY),
                true,
                false,
                Transparency.TRANSLUCENT,
                DataBuffer.TYPE_BYTE);
        BufferedImage image = new BufferedImage(model, model.createCompatibleWritableRaster(4, 1), false, null);
        for (int x = 0; x < 4; x++) {
            image.getRaster().setSample(x, 0, 1, 255);
        }
        return image;
    }

    @Test
    void grey_that_is_half_transparent_is_mixed_with_white() {
        BufferedImage image = withAlpha();
        image.getRaster().setSample(1, 0, 0, 128);
        image.getRaster().setSample(1, 0, 1, 128);
        image.getRaster().setSample(2, 0, 1, 0);
        assertThat(colours(SentPicture.overWhite(image))).containsExactly(BLACK, 0xffbfbfbf, WHITE, BLACK);
    }
}
