// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.data.GoldenPictures;
import dev.diffusion4j.data.PixelImage;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
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
        if (name.equals(
                "lossy.webp")) { // chroma is enlarged in another way than libwebp's: one level on photos, more on this
            assertThat(meanDifference(actual, expected)).isLessThan(8);
            assertThat(meanDifference(actual.withChannels(1), expected.withChannels(1)))
                    .isLessThan(2);
            return;
        }
        int tolerance = name.endsWith(".jpg") ? 1 : 0; // a JDK may have another build of libjpeg
        boolean greyAsColour = actual.channels() == 3 && expected.channels() == 1;
        GoldenPictures.assertSame(name, greyAsColour ? actual.withChannels(1) : actual, expected, tolerance);
    }

    private static double meanDifference(PixelImage a, PixelImage b) {
        double sum = 0;
        for (int i = 0; i < b.length(); i++) {
            sum += Math.abs((a.pixels()[i] & 0xff) - (b.pixels()[i] & 0xff));
        }
        return sum / b.length();
    }

    @Test
    void memory_that_is_used_again_gives_the_same_pixels() throws DecodeException {
        PixelImage large = ImageDecoder.decodeShared(golden.bytes("file.420.jpg"));
        PixelImage small = ImageDecoder.decodeShared(golden.bytes("file.orientation1.jpg"));
        assertThat(small.pixels()).isSameAs(large.pixels());
        GoldenPictures.assertSame("shared", small, golden.picture("pixels.orientation1.jpg"), 1);
        assertThat(ImageDecoder.decode(golden.bytes("file.420.jpg")).pixels()).isNotSameAs(large.pixels());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("files")
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

    private static int indexOf(byte[] bytes, byte first, byte second) {
        for (int i = 0; i + 1 < bytes.length; i++) {
            if (bytes[i] == first && bytes[i + 1] == second) {
                return i;
            }
        }
        throw new AssertionError("not found");
    }
}
