// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.image.ImageGrid;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BlockPictureTest {
    /** Dark, with one bright vertical bar of two pixels. */
    private static BufferedImage bar(int left) {
        BufferedImage picture = new BufferedImage(24, 24, BufferedImage.TYPE_BYTE_GRAY);
        for (int y = 0; y < 24; y++) {
            picture.getRaster().setSample(left, y, 0, 255);
            picture.getRaster().setSample(left + 1, y, 0, 255);
        }
        return picture;
    }

    @Test
    void a_bright_bar_is_a_column_of_full_blocks() {
        assertThat(BlockPicture.lines(List.of(bar(4), bar(0))))
                .hasSize(6)
                .allMatch(line -> line.equals("    █           █"));
    }

    @Test
    void a_grid_of_ten_rows_gives_the_first_picture_of_each() {
        List<BufferedImage> all = new ArrayList<>();
        for (int label = 0; label < 10; label++) {
            all.add(bar(2 * label));
            all.add(bar(22));
        }
        List<BufferedImage> column = QuickstartConsole.firstColumn(ImageGrid.of(all, 2));
        assertThat(column).hasSize(10);
        assertThat(BlockPicture.lines(column.subList(9, 10)).get(0)).isEqualTo(" ".repeat(2 + 9) + "█");
        assertThat(QuickstartConsole.firstColumn(ImageGrid.of(all.subList(0, 1), 1)))
                .isEmpty();
    }
}
