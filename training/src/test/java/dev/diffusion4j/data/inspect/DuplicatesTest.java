// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.inspect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.data.DataSources;
import dev.diffusion4j.data.Dataset;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.Image;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DuplicatesTest {
    @TempDir
    Path root;

    private static BufferedImage scene(long seed) {
        Random random = new Random(seed);
        BufferedImage image = new BufferedImage(96, 64, BufferedImage.TYPE_3BYTE_BGR);
        Graphics2D graphics = image.createGraphics();
        for (int i = 0; i < 40; i++) {
            graphics.setColor(new Color(random.nextInt(1 << 24)));
            graphics.fillOval(random.nextInt(96) - 20, random.nextInt(64) - 20, 40, 40);
        }
        graphics.dispose();
        return image;
    }

    private void write(BufferedImage image, String name) throws IOException {
        String format = name.endsWith(".jpg") ? "jpg" : "png";
        ImageIO.write(image, format, root.resolve(name).toFile());
    }

    @Test
    void the_same_pixels_and_pictures_that_look_alike_are_found_and_no_others() throws IOException {
        for (int i = 0; i < 12; i++) {
            write(scene(i), String.format("a%02d.png", i));
        }
        Files.copy(root.resolve("a03.png"), root.resolve("b03.png"));
        write(scene(5), "c05.jpg");
        BufferedImage smaller = new BufferedImage(60, 40, BufferedImage.TYPE_3BYTE_BGR);
        Graphics2D graphics = smaller.createGraphics();
        graphics.drawImage(scene(5).getScaledInstance(60, 40, Image.SCALE_AREA_AVERAGING), 0, 0, null);
        graphics.dispose();
        write(smaller, "d05.png");
        BufferedImage black = new BufferedImage(8, 8, BufferedImage.TYPE_3BYTE_BGR);
        write(black, "e.png");
        black.setRGB(0, 0, 0xff0000);
        write(black, "f.png");
        Files.writeString(root.resolve("g.png"), "no picture");
        try (Dataset dataset = DataSources.open("folder:" + root)) {
            assertThat(Duplicates.of(dataset))
                    .containsExactly(
                            new Duplicates.Group(true, List.of(3, 12)),
                            new Duplicates.Group(false, List.of(5, 13, 14)));
        }
    }
}
