// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.bench.piece;

import dev.diffusion4j.data.PixelImage;
import dev.diffusion4j.data.decode.DecodeException;
import dev.diffusion4j.data.decode.ImageDecoder;
import dev.diffusion4j.data.transform.ResizeMode;
import dev.diffusion4j.data.transform.StandardTransform;
import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Random;
import javax.imageio.ImageIO;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** A JPEG's way to a 64-pixel picture: decoding, and resizing with antialiasing. */
public class PictureBenchmark extends PieceBenchmark {
    @Param({"128", "500"})
    public int side = 128;

    private final StandardTransform transform = new StandardTransform(3, 64, ResizeMode.EXACT, false);
    private byte[] file = {};
    private PixelImage decoded = new PixelImage(1, 1, 3, new byte[3]);

    @Setup
    public void prepare() throws IOException, DecodeException {
        BufferedImage image = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setPaint(new GradientPaint(0, 0, Color.ORANGE, side, side, Color.BLUE));
        graphics.fillRect(0, 0, side, side);
        graphics.dispose();
        Random random = new Random(0);
        for (int i = 0; i < side * side; i++) { // some grain, as photographs have
            int at = image.getRGB(i % side, i / side);
            image.setRGB(i % side, i / side, at ^ random.nextInt() & 0x0f0f0f);
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ImageIO.write(image, "jpeg", bytes);
        file = bytes.toByteArray();
        decoded = ImageDecoder.decode(file);
    }

    @Benchmark
    public PixelImage decode() throws DecodeException {
        return ImageDecoder.decodeShared(file);
    }

    @Benchmark
    public PixelImage resize() {
        return transform.prepare(decoded);
    }
}
