// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;

class GifFileTest {
    @TempDir
    Path folder;

    @Test
    void frames_and_delays_are_read_again() throws IOException {
        BufferedImage grey = new BufferedImage(4, 3, BufferedImage.TYPE_BYTE_GRAY);
        grey.getRaster().setSample(1, 2, 0, 100);
        BufferedImage colour = new BufferedImage(4, 3, BufferedImage.TYPE_3BYTE_BGR);
        colour.setRGB(2, 1, 0x10c0ff);
        Path file = folder.resolve("a/moving.gif");
        GifFile.write(file, List.of(grey, colour, grey), new int[] {300, 20, 5000});
        ImageReader reader = ImageIO.getImageReadersByFormatName("gif").next();
        try (ImageInputStream stream = ImageIO.createImageInputStream(file.toFile())) {
            reader.setInput(stream);
            assertThat(reader.getNumImages(true)).isEqualTo(3);
            assertThat(reader.read(0).getRGB(1, 2) & 0xffffff).isEqualTo(0x646464);
            assertThat(reader.read(1).getRGB(2, 1) & 0xffffff).isEqualTo(0x10c0ff);
            Element root = (Element) reader.getImageMetadata(2).getAsTree("javax_imageio_gif_image_1.0");
            Element control = (Element)
                    root.getElementsByTagName("GraphicControlExtension").item(0);
            assertThat(control.getAttribute("delayTime")).isEqualTo("500");
        }
    }
}
