// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.data.GoldenPictures;
import dev.diffusion4j.data.PixelImage;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageDecoderTest {
    private static GoldenPictures golden;

    @BeforeAll
    static void open() {
        golden = new GoldenPictures();
    }

    @AfterAll
    static void close() {
        golden.close();
    }

    static List<String> files() {
        try (GoldenPictures pictures = new GoldenPictures()) {
            return pictures.names("file.");
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("files")
    void pixels_are_those_that_Pillow_reads(String name) throws DecodeException {
        PixelImage actual = ImageDecoder.decode(golden.bytes("file." + name));
        PixelImage expected = golden.picture("pixels." + name);
        int tolerance = name.endsWith(".jpg") ? 1 : 0; // a JDK may have another build of libjpeg
        boolean greyAsColour = actual.channels() == 3 && expected.channels() == 1;
        GoldenPictures.assertSame(name, greyAsColour ? actual.withChannels(1) : actual, expected, tolerance);
    }

    @Test
    void memory_that_is_used_again_gives_the_same_pixels() throws DecodeException {
        PixelImage large = ImageDecoder.decodeShared(golden.bytes("file.420.jpg"));
        PixelImage small = ImageDecoder.decodeShared(golden.bytes("file.orientation1.jpg"));
        assertThat(small.pixels()).isSameAs(large.pixels());
        GoldenPictures.assertSame("shared", small, golden.picture("pixels.orientation1.jpg"), 1);
        assertThat(ImageDecoder.decode(golden.bytes("file.420.jpg")).pixels()).isNotSameAs(large.pixels());
    }

    /** Of an animation, the first picture may be whole. */
    static List<String> filesOfOnePicture() {
        return files().stream().filter(name -> !name.startsWith("animated")).toList();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("filesOfOnePicture")
    void a_file_that_is_cut_short_is_broken(String name) {
        byte[] file = golden.bytes("file." + name);
        assertThatThrownBy(() -> ImageDecoder.decode(Arrays.copyOf(file, file.length * 2 / 3)))
                .isInstanceOf(DecodeException.class)
                .hasMessageContainingAll("file is ");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("files")
    void a_damaged_file_gives_pixels_or_a_reason_but_nothing_else(String name) {
        byte[] file = golden.bytes("file." + name);
        Random random = new Random(1);
        for (int i = 0; i < 60; i++) {
            byte[] damaged = file.clone();
            for (int k = 0; k < 1 + i % 4; k++) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
            }
            try {
                assertThat(ImageDecoder.decode(damaged)).isNotNull();
            } catch (DecodeException e) {
                assertThat(e.getMessage()).isNotBlank();
            }
        }
    }

    @Test
    void a_picture_of_another_kind_is_named() {
        byte[] avif = "\0\0\0\u001cftypavif\0\0\0\0".getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
        assertThatThrownBy(() -> ImageDecoder.decode(avif))
                .hasMessage("it is an AVIF file, which is not read: convert it to PNG or JPEG");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "GIF", "hello, this is a text", "\u0089PNG\r\n\u001a\n"})
    void what_is_no_picture_is_refused(String content) {
        assertThatThrownBy(() -> ImageDecoder.decode(content.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1)))
                .isInstanceOf(DecodeException.class);
    }

    @Test
    void a_picture_that_claims_billions_of_pixels_is_refused_before_memory_is_taken() {
        byte[] file = golden.bytes("file.444.jpg");
        int frame = indexOf(file, (byte) 0xff, (byte) 0xc0);
        Arrays.fill(file, frame + 5, frame + 9, (byte) 0xff);
        assertThatThrownBy(() -> ImageDecoder.decode(file)).hasMessage("the picture is too large: 65535x65535 pixels");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2, 4, 6})
    void a_png_of_all_filters_is_what_the_jdk_reads(int type) throws IOException {
        int channels = type < 4 ? type + 1 : type - 2;
        for (int side = 1; side < 40; side += 6) {
            byte[] file = png(type, side, channels);
            Raster expected = ImageIO.read(new ByteArrayInputStream(file)).getRaster();
            PixelImage image = ImageDecoder.decode(file);
            assertThat(image.channels()).isEqualTo(channels < 3 ? 1 : 3);
            for (int i = 0; i < image.length(); i++) {
                int pixel = i / image.channels();
                assertThat(image.pixels()[i] & 0xff)
                        .isEqualTo(expected.getSample(pixel % side, pixel / side, i % image.channels()));
            }
        }
    }

    /** Chance for rows, each filter in turn, in data chunks of seven bytes. */
    private static byte[] png(int type, int side, int channels) throws IOException {
        byte[] rows = new byte[side * (side * channels + 1)];
        new Random(side).nextBytes(rows);
        for (int y = 0; y < side; y++) {
            rows[y * (side * channels + 1)] = (byte) (y < 5 ? 4 - y : y % 5);
        }
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (DeflaterOutputStream deflater = new DeflaterOutputStream(packed)) {
            deflater.write(rows);
        }
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.write(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'});
        chunk(file, "IHDR", new byte[] {0, 0, 0, (byte) side, 0, 0, 0, (byte) side, 8, (byte) type, 0, 0, 0});
        chunk(file, "tEXt", "a\0b".getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
        byte[] data = packed.toByteArray();
        for (int at = 0; at < data.length; at += 7) {
            chunk(file, "IDAT", Arrays.copyOfRange(data, at, Math.min(data.length, at + 7)));
        }
        chunk(file, "IEND", new byte[0]);
        return file.toByteArray();
    }

    private static void chunk(ByteArrayOutputStream file, String kind, byte[] data) throws IOException {
        CRC32 crc = new CRC32();
        byte[] name = kind.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
        crc.update(name);
        crc.update(data);
        DataOutputStream out = new DataOutputStream(file);
        out.writeInt(data.length);
        out.write(name);
        out.write(data);
        out.writeInt((int) crc.getValue());
    }

    private static int indexOf(byte[] bytes, byte first, byte second) {
        for (int i = 0; i + 1 < bytes.length; i++) {
            if (bytes[i] == first && bytes[i + 1] == second) {
                return i;
            }
        }
        throw new AssertionError("not found");
    }
}
