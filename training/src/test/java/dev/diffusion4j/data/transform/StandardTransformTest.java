// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.transform;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.data.GoldenPictures;
import dev.diffusion4j.data.PixelImage;
import dev.diffusion4j.data.random.SeededRandom;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Equal to torchvision. */
class StandardTransformTest {
    private static GoldenPictures golden;

    @BeforeAll
    static void open() {
        golden = new GoldenPictures();
    }

    @AfterAll
    static void close() {
        golden.close();
    }

    static List<String> resizes() {
        return resizes(false);
    }

    static List<String> tallResizes() {
        return resizes(true);
    }

    private static List<String> resizes(boolean tall) {
        try (GoldenPictures pictures = new GoldenPictures()) {
            return pictures.names("resize.").stream()
                    .filter(name -> name.endsWith(".pil") && name.startsWith("tall") == tall)
                    .map(name -> name.substring(0, name.length() - 4))
                    .toList();
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("resizes")
    void resizing_equals_Pillow_and_is_within_a_level_of_torchvision_on_tensors(String name) {
        PixelImage actual = resizedAsPillow(name);
        GoldenPictures.assertSame(name + " (tensor)", actual, golden.picture("resize." + name + ".tensor"), 1);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("tallResizes")
    void a_tall_picture_is_resized_columns_first_as_Pillow_13_does_it(String name) {
        resizedAsPillow(name);
    }

    private static PixelImage resizedAsPillow(String name) {
        PixelImage from = golden.picture("resize." + name.substring(0, name.indexOf('.')) + ".from");
        PixelImage expected = golden.picture("resize." + name + ".pil");
        PixelImage actual =
                new Resampler().resize(from, 0, 0, from.width(), from.height(), expected.width(), expected.height());
        GoldenPictures.assertSame(name, actual, expected, 0);
        return actual;
    }

    @Test
    void luma_is_Pillows() {
        PixelImage grey = golden.picture("luma.from").withChannels(1);
        GoldenPictures.assertSame("luma", grey, golden.picture("luma.to"), 0);
    }

    @Test
    void values_equal_those_of_torchvisions_chain_bit_by_bit() {
        assertThat(apply(3, ResizeMode.EXACT, 0)).containsExactly(golden.floats("chain.exact"));
        assertThat(apply(3, ResizeMode.CROP, 0)).containsExactly(golden.floats("chain.crop"));
        assertThat(apply(1, ResizeMode.EXACT, 0)).containsExactly(golden.floats("chain.grey"));
    }

    @Test
    void half_of_the_draws_are_flipped_copies() {
        StandardTransform transform = new StandardTransform(3, 8, ResizeMode.EXACT, true);
        PixelImage picture = golden.picture("chain.from");
        float[] straight = golden.floats("chain.exact");
        float[] flipped = golden.floats("chain.flipped");
        int flips = 0;
        for (int seed = 0; seed < 200; seed++) {
            float[] values = new float[3 * 8 * 8];
            transform.apply(picture, new SeededRandom(seed), values, 0);
            boolean isFlipped = Arrays.equals(values, flipped);
            assertThat(isFlipped || Arrays.equals(values, straight)).isTrue();
            flips += isFlipped ? 1 : 0;
        }
        assertThat(flips).isBetween(75, 125);
    }

    @Test
    void random_crops_are_all_those_that_torchvision_can_draw() {
        float[] expected = golden.floats("chain.random_crop");
        int length = 3 * 8 * 8;
        Set<Integer> seen = new HashSet<>();
        for (int seed = 0; seed < 100; seed++) {
            float[] values = apply(3, ResizeMode.RANDOM_CROP, seed);
            for (int crop = 0; crop < expected.length / length; crop++) {
                if (Arrays.equals(values, Arrays.copyOfRange(expected, crop * length, (crop + 1) * length))) {
                    seen.add(crop);
                }
            }
        }
        assertThat(seen).containsExactly(0, 1, 2, 3, 4);
    }

    @Test
    void padding_keeps_the_aspect_and_leaves_the_rest_black() {
        float[] values = apply(1, ResizeMode.PAD, 0); // 30x20 becomes 8x5, one row above and two below
        assertThat(Arrays.copyOfRange(values, 0, 8)).containsOnly(-1f);
        assertThat(Arrays.copyOfRange(values, 48, 64)).containsOnly(-1f);
        assertThat(Arrays.copyOfRange(values, 8, 48)).doesNotContain(-1f);
    }

    @Test
    void preparing_first_changes_nothing() {
        for (ResizeMode mode : ResizeMode.values()) {
            StandardTransform transform = new StandardTransform(3, 8, mode, true);
            PixelImage picture = golden.picture("chain.from");
            float[] direct = new float[3 * 8 * 8];
            float[] prepared = new float[3 * 8 * 8];
            transform.apply(picture, new SeededRandom(5), direct, 0);
            transform.apply(transform.prepare(picture), new SeededRandom(5), prepared, 0);
            assertThat(prepared).as(mode.key()).containsExactly(direct);
        }
    }

    private static float[] apply(int channels, ResizeMode mode, long seed) {
        float[] values = new float[channels * 8 * 8];
        new StandardTransform(channels, 8, mode, false)
                .apply(golden.picture("chain.from"), new SeededRandom(seed), values, 0);
        return values;
    }
}
