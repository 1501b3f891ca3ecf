// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ImageGridTest {
    /** The sizes that the lessons' pictures have. */
    @ParameterizedTest(name = "{0} pictures of {1} pixels, {2} a row: {3}x{4}")
    @CsvSource({"8, 256, 4, 1034, 518", "80, 28, 8, 242, 302", "8, 32, 8, 274, 36", "10, 28, 10, 302, 32"})
    void a_grid_has_a_border_of_two_pixels_around_each(int count, int side, int perRow, int width, int height) {
        List<BufferedImage> pictures =
                Collections.nCopies(count, new BufferedImage(side, side, BufferedImage.TYPE_BYTE_GRAY));
        BufferedImage grid = ImageGrid.of(pictures, perRow);
        assertThat(grid.getWidth()).isEqualTo(width);
        assertThat(grid.getHeight()).isEqualTo(height);
    }
}
