// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.service;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.image.PictureFile;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class PictureFilesTest {
    @Test
    void a_picture_is_a_file_of_its_colours_until_it_is_closed() {
        BufferedImage open = new BufferedImage(2, 1, BufferedImage.TYPE_INT_ARGB);
        open.setRGB(0, 0, 0x00_10_20_30); // transparent
        open.setRGB(1, 0, 0xff_40_50_60);
        Path file;
        try (PictureFiles files = new PictureFiles()) {
            file = Path.of(files.add("start", open));
            assertThat(file).hasFileName("start.png");
            assertThat(Path.of(files.add("mask", open))).hasParent(file.getParent());
            assertThat(PictureFile.read(file).getRGB(0, 0)).isEqualTo(0xff_10_20_30);
            assertThat(PictureFile.read(file).getRGB(1, 0)).isEqualTo(0xff_40_50_60);
        }
        assertThat(file.getParent()).doesNotExist();
    }
}
