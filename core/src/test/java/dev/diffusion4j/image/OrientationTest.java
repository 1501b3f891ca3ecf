// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pictures that a camera took on its side are read upright. */
class OrientationTest {
    private static final int RED = 0xffff0000;

    @TempDir
    Path folder;

    /** Red at the left in the file, and dark at the right. */
    private static byte[] jpeg(int orientation) throws IOException {
        BufferedImage image = new BufferedImage(32, 16, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < 16; y++) {
            for (int x = 0; x < 16; x++) {
                image.setRGB(x, y, RED);
            }
        }
        ByteArrayOutputStream plain = new ByteArrayOutputStream();
        ImageIO.write(image, "jpeg", plain);
        ByteBuffer exif = ByteBuffer.allocate(36);
        exif.putShort((short) 0xffe1).putShort((short) 34).put("Exif\0\0MM\0*".getBytes(StandardCharsets.ISO_8859_1));
        exif.putInt(8)
                .putShort((short) 1)
                .putShort((short) 0x0112)
                .putShort((short) 3)
                .putInt(1);
        exif.putShort((short) orientation);
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.write(plain.toByteArray(), 0, 2);
        file.write(exif.array());
        file.write(plain.toByteArray(), 2, plain.size() - 2);
        return file.toByteArray();
    }

    private static boolean isRed(BufferedImage image, int x, int y) {
        return (image.getRGB(x, y) >> 16 & 0xff) > 128;
    }

    @Test
    void a_jpeg_is_turned_as_the_camera_was_held() throws IOException {
        Path file = folder.resolve("a.jpg");
        for (int orientation : List.of(1, 3, 6, 8)) {
            byte[] bytes = jpeg(orientation);
            Files.write(file, bytes);
            for (BufferedImage read : List.of(SentPicture.read(bytes, "it", 4096), PictureFile.read(file))) {
                boolean lies = orientation <= 4;
                assertThat(read.getWidth()).as("orientation %d", orientation).isEqualTo(lies ? 32 : 16);
                assertThat(isRed(read, 2, 2)).isEqualTo(orientation != 3 && orientation != 8);
                assertThat(isRed(read, read.getWidth() - 3, read.getHeight() - 3))
                        .isEqualTo(orientation == 3 || orientation == 8);
            }
        }
    }

    @Test
    void what_is_not_sound_is_upright() throws IOException {
        byte[] whole = jpeg(6);
        for (int length = 0; length < 60; length++) {
            byte[] cut = java.util.Arrays.copyOf(whole, length);
            assertThat(Exif.ofJpeg(cut).number()).isIn(1, 6);
        }
        assertThat(Exif.ofJpeg(new byte[100]).number()).isEqualTo(1);
        assertThat(Exif.ofJpeg(jpeg(9)).number()).isEqualTo(1);
    }

    /** What a camera's note is in other files than a JPEG: the same block without a name before it. */
    private static byte[] tiff(int orientation) {
        return new byte[] {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, (byte) orientation, 0, 0};
    }

    private static byte[] png(int orientation) throws IOException {
        BufferedImage image = new BufferedImage(32, 16, BufferedImage.TYPE_INT_RGB);
        image.setRGB(0, 0, RED);
        ByteArrayOutputStream plain = new ByteArrayOutputStream();
        ImageIO.write(image, "png", plain);
        ByteBuffer chunk = ByteBuffer.allocate(12 + 22).putInt(22).put("eXIf".getBytes(StandardCharsets.ISO_8859_1));
        chunk.put(tiff(orientation));
        CRC32 crc = new CRC32();
        crc.update(chunk.array(), 4, 4 + 22);
        chunk.putInt((int) crc.getValue());
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        int behindHeader = 8 + 12 + 13;
        file.write(plain.toByteArray(), 0, behindHeader);
        file.write(chunk.array());
        file.write(plain.toByteArray(), behindHeader, plain.size() - behindHeader);
        return file.toByteArray();
    }

    @Test
    void a_png_is_turned_as_its_chunk_says() throws IOException {
        BufferedImage turned = SentPicture.read(png(6), "it", 4096);
        assertThat(turned.getWidth()).isEqualTo(16);
        assertThat(isRed(turned, 15, 0)).isTrue();
        byte[] whole = png(6);
        for (int length = 0; length < 80; length++) {
            assertThat(Exif.of(java.util.Arrays.copyOf(whole, length)).number()).isIn(1, 6);
        }
    }

    @Test
    void a_webp_says_it_in_exif_or_else_in_xmp() {
        String xmp = "<x tiff:Orientation=\"3\"/>";
        assertThat(Exif.of(webp("VP8 ", new byte[3], "EXIF", tiff(6))).number()).isEqualTo(6);
        assertThat(Exif.of(webp("XMP ", xmp.getBytes(StandardCharsets.ISO_8859_1), "VP8 ", new byte[3]))
                        .number())
                .isEqualTo(3);
        byte[] whole = webp("EXIF", tiff(6), "VP8 ", new byte[3]);
        for (int length = 0; length < whole.length; length++) {
            assertThat(Exif.of(java.util.Arrays.copyOf(whole, length)).number()).isIn(1, 6);
        }
    }

    private static byte[] webp(String first, byte[] one, String second, byte[] other) {
        ByteBuffer file = ByteBuffer.allocate(12 + 8 + one.length + (one.length & 1) + 8 + other.length);
        file.order(ByteOrder.LITTLE_ENDIAN);
        file.put("RIFF".getBytes(StandardCharsets.ISO_8859_1)).putInt(file.capacity() - 8);
        file.put(("WEBP" + first).getBytes(StandardCharsets.ISO_8859_1))
                .putInt(one.length)
                .put(one);
        if (one.length % 2 == 1) {
            file.put((byte) 0);
        }
        return file.put(second.getBytes(StandardCharsets.ISO_8859_1))
                .putInt(other.length)
                .put(other)
                .array();
    }
}
